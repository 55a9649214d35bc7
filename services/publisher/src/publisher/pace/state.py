"""The state of a shop's rate limiter that all replicas share, its store and its settings. Values only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

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


class PaceStore(Protocol):
    """The shared state of all replicas' rate limiters; times are the database server's."""

    async def reserve(
        self, shop_key: str, me: str, *, length: timedelta, lead: timedelta, rate: float | None = None
    ) -> ReservationReply:
        """Reserve `length` of the shop's send times, starting `lead` from now or after the last reservation."""

    async def change(
        self, shop_key: str, change: Callable[[PaceState, datetime], PaceState]
    ) -> tuple[PaceState, datetime]:
        """Apply a pure change to the stored state. Returns the state after it and the server's time."""

    async def claim_probe(self, shop_key: str, lease: timedelta) -> bool:
        """Whether this caller is the one to try an open breaker, for `lease`."""


@dataclass(frozen=True, slots=True)
class RateLimiterSettings:
    """`rate`: calls per second and shop. The breaker opens after `failures` in a row, at most `longest` at a time."""

    rate: float
    failures: int
    longest: timedelta
