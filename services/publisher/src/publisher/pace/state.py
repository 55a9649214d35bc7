"""What all replicas know of a shop's pace. Values only."""

from dataclasses import dataclass
from datetime import datetime

from publisher.pace.adaptive_rate import LearnedRate
from publisher.pace.breaker import CLOSED, Breaker


@dataclass(frozen=True, slots=True)
class PaceState:
    """What all replicas know of a shop's pace. Times are the database server's."""

    paused_until: datetime | None = None
    learned: LearnedRate | None = None
    breaker: Breaker = CLOSED


@dataclass(frozen=True, slots=True)
class ReservationReply:
    """`start` of the stretch of send times; None: the shop is paused or its breaker is open. `now`: server's time."""

    start: datetime | None
    now: datetime
    shared_at: datetime | None
    state: PaceState
