"""What is measured, in which order, with how many messages."""

from dataclasses import dataclass, field
from enum import StrEnum

VERSIONS_IN_A_ROW = 10
_ONE_OF = 10
_MOST_WARM_UP = 500
_LEAST_PRODUCTS = 20
_SLACK_SECONDS = 120.0
_SLOWEST_RATE = 20.0


class Kind(StrEnum):
    """Who is measured."""

    CATALOGUE = "catalogue"
    RAW_LOOP = "raw-loop"
    ONE_BY_ONE = "one-by-one"
    CONNECT = "connect"

    @property
    def publishes(self) -> bool:
        """Whether it publishes a snapshot for what it has written."""
        return self is not Kind.CONNECT


class Phase(StrEnum):
    """What the messages of one measurement are, in the order of a round."""

    FIRST_IMPORT = "first-import"
    UPDATE = "update"
    NOTHING_CHANGED = "nothing-changed"
    RE_DELIVERY = "re-delivery"
    IN_A_ROW = "in-a-row"


@dataclass(frozen=True, slots=True)
class Amount:
    """Products of one contender: those measured, and those before them that warm its process up."""

    measured: int
    warm_up: int

    @classmethod
    def of(cls, measured: int) -> "Amount":
        """The usual warm-up for so many measured products."""
        return cls(measured, min(_MOST_WARM_UP, measured // 4))

    @property
    def products(self) -> int:
        """All of them."""
        return self.measured + self.warm_up

    def in_a_row(self) -> "Amount":
        """The products of the phase that sends several versions of each."""
        return Amount(self.measured // VERSIONS_IN_A_ROW, self.warm_up // VERSIONS_IN_A_ROW)


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. `messages`: of each phase. `phases`: those that are shown.

    `profiles`: folder for profiles of the catalogue, which makes it slow; None: none are taken.
    `patience`: seconds that one phase of one contender may take; None: it follows from the messages.
    """

    messages: int = 20_000
    rounds: int = 3
    seed: int = 7
    contenders: tuple[Kind, ...] = field(default=tuple(Kind))
    phases: tuple[Phase, ...] = field(default=tuple(Phase))
    patience: float | None = None
    profiles: str | None = None

    def amount(self, kind: Kind) -> Amount:
        """One message after the other is so slow that a tenth of the products tells its rate."""
        if kind is Kind.ONE_BY_ONE:
            return Amount.of(min(self.messages, max(_LEAST_PRODUCTS, self.messages // _ONE_OF)))
        return Amount.of(self.messages)

    def phases_to_run(self) -> tuple[Phase, ...]:
        """All up to the last that is shown, since each works on what the one before has left."""
        every = tuple(Phase)
        return every[: 1 + max(every.index(phase) for phase in self.phases)]

    def order(self, round_number: int) -> tuple[Kind, ...]:
        """The contenders' turns. Each round begins with another one, so that none is always first or last."""
        begin = round_number % len(self.contenders)
        return self.contenders[begin:] + self.contenders[:begin]

    @property
    def bound(self) -> float:
        """Seconds after which a phase of one contender is given up."""
        return self.patience if self.patience is not None else _SLACK_SECONDS + self.messages / _SLOWEST_RATE
