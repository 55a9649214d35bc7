"""What is measured, and what it found. Pure."""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from shopsync_rehearsals.bench.catalogue.delays.trips import Delays, Trip


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. `backlog`: changes of one shop that stand in the topic when the catalogue starts.

    `every`: seconds between two messages of the other shop, one edit and one change, as long as the backlog stands.
    `others`: products of that shop for each of the two. `records`: the catalogue's batch; None: its default.
    """

    backlog: int = 100_000
    every: float = 0.2
    others: int = 500
    records: int | None = None
    seed: int = 7
    patience: float = 600.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything the run is judged by. `rate`: how many of the backlog were done a second.

    `overtaken`: for each edit, in the order in which they were sent, how many snapshots of the backlog were read before
    its own after it was sent; `left`: how many of the backlog had none then.
    """

    plan: Plan
    rate: float
    edits: Delays | None
    changes: Delays | None
    lost: int
    overtaken: Sequence[int] = field(default=())
    left: Sequence[int] = field(default=())

    @property
    def usual(self) -> float:
        """The median of `overtaken`."""
        return median(self.overtaken) if self.overtaken else 0.0


def overtaken(edits: Sequence[Trip], backlog: Sequence[float]) -> list[int]:
    """How many of the backlog's snapshots (when they were read, sorted) came while each edit was under way."""
    return [
        bisect(backlog, edit.arrived) - bisect(backlog, edit.sent)
        for edit in edits
        if edit.sent is not None and edit.arrived is not None
    ]


def left(edits: Sequence[Trip], backlog: Sequence[float], total: int) -> list[int]:
    """How many of the backlog had no snapshot yet when each edit was sent."""
    return [total - bisect(backlog, edit.sent) for edit in edits if edit.sent is not None and edit.arrived is not None]
