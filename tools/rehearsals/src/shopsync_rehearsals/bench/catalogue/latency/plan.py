"""What is measured, and what it found."""

from collections.abc import Sequence
from dataclasses import dataclass

from shopsync_rehearsals.bench.catalogue.delays.trips import Delays
from shopsync_rehearsals.bench.catalogue.plan import Kind

CONTENDERS = (Kind.CATALOGUE, Kind.RAW_LOOP)


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. `messages`: of the stretch that tells the catalogue's sustained rate.

    `shares`: percent of that rate, at which both are measured. `seconds`: how long each time, after `lead` seconds that
    do not count. `products`: the messages are their updates, in turn. `patience`: seconds for anything to happen.
    """

    products: int = 5_000
    messages: int = 30_000
    shares: tuple[int, ...] = (10, 50, 80)
    seconds: float = 20.0
    lead: float = 3.0
    rounds: int = 1
    seed: int = 7
    patience: float = 180.0

    def turns(self) -> list[tuple[int, int, Kind]]:
        """Round, share and contender, in their order. Every other time the other contender begins."""
        return [
            (number, share, kind)
            for number in range(self.rounds)
            for place, share in enumerate(self.shares)
            for kind in CONTENDERS[:: -1 if (number + place) % 2 else 1]
        ]


@dataclass(frozen=True, slots=True)
class Level:
    """One contender at one rate. `rate`: messages a second that were published. `lost`: snapshots that never came.

    `core`: the share of one core's time that the contender used. `busy`: the share of all cores' time that was used by
    anything, `others` by what is no part of the benchmark.
    """

    round_number: int
    share: int
    kind: Kind
    rate: float
    delays: Delays | None
    lost: int
    core: float | None
    busy: float | None
    others: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything the run is judged by. `sustained`: the catalogue's updates per second, from a backlog."""

    plan: Plan
    sustained: float
    levels: Sequence[Level]

    def of(self, kind: Kind, share: int) -> list[Level]:
        """One contender at one share, of every round."""
        return [level for level in self.levels if level.kind is kind and level.share == share]
