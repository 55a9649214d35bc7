"""The state of a shop's rate limiter that all replicas share. Values only."""

from dataclasses import dataclass
from datetime import datetime

from publisher.pace.adaptive_rate import LearnedRate
from publisher.pace.breaker import CLOSED, Breaker


@dataclass(frozen=True, slots=True)
class PaceState:
    """What is stored of a shop's rate limiter. Times are the database server's."""

    paused_until: datetime | None = None
    learned: LearnedRate | None = None
    breaker: Breaker = CLOSED


@dataclass(frozen=True, slots=True)
class ReservationReply:
    """`start` of the reserved send times. None: the shop is paused or its breaker is open. `now`: the server's time."""

    start: datetime | None
    now: datetime
    shared_at: datetime | None
    state: PaceState
