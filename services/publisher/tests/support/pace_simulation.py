"""A shop's calls under a clock that the test moves: callers, TikTok's side, and the shared document in memory."""

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, TypeVar

from publisher.errors import RateLimited, ShopResting, Unavailable
from publisher.pace.rate_limiter import RateLimiter
from publisher.pace.slots import Line, ServerClock, take_stretch
from publisher.pace.state import PaceState, RateLimiterSettings, ReservationReply

T = TypeVar("T")

EPOCH = datetime(2026, 11, 23, tzinfo=UTC)


class _Jumping(selectors.SelectSelector):
    """Nothing to wait for but time, and that passes at once."""

    loop: "FakeTime"

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "everything waits indefinitely"
        self.loop.now += max(0.0, timeout)
        return super().select(0)


class FakeTime(asyncio.SelectorEventLoop):
    """A loop whose clock begins at 1,000 s and jumps to the next timer."""

    def __init__(self) -> None:
        selector = _Jumping()
        selector.loop, self.now = self, 1000.0
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def play(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run to the end, and close the loop."""
        try:
            return self.run_until_complete(coroutine)
        finally:
            self.close()


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - makes delays, guards nothing


@dataclass
class Store:
    """The shared document in memory, by the same pure functions; each exchange takes its time both ways."""

    delays: random.Random = field(default_factory=lambda: chance(1))
    slowest: float = 0.004
    line: Line = field(default_factory=Line)
    state: PaceState = field(default_factory=PaceState)
    probe_until: datetime = EPOCH
    reservations: int = 0
    changes: int = 0

    def now(self) -> datetime:
        now = EPOCH + timedelta(seconds=asyncio.get_running_loop().time())
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    async def _travel(self) -> None:
        await asyncio.sleep(self.delays.uniform(0, self.slowest))

    async def reserve(
        self, shop_key: str, me: str, *, length: timedelta, lead: timedelta, rate: float | None = None
    ) -> ReservationReply:
        await self._travel()
        self.reservations += 1
        now, state, start = self.now(), self.state, None
        if not state.breaker.is_open and (state.paused_until is None or state.paused_until <= now):
            self.line, start = take_stretch(self.line, now, me, length=length, lead=lead)
        shared_at = self.line.shared_at
        await self._travel()
        return ReservationReply(start, now, shared_at, state)

    async def change(
        self, shop_key: str, change: Callable[[PaceState, datetime], PaceState]
    ) -> tuple[PaceState, datetime]:
        await self._travel()
        self.changes += 1
        self.state, now = change(self.state, self.now()), self.now()
        state = self.state
        await self._travel()
        return state, now

    async def claim_probe(self, shop_key: str, lease: timedelta) -> bool:
        await self._travel()
        until = self.state.breaker.open_until
        if until is None or until > self.now() or self.probe_until > self.now():
            return False
        self.probe_until = self.now() + lease
        return True


@dataclass
class Shop:
    """TikTok's side: arrival times, and what each call meets."""

    seconds: float = 0.2
    arrivals: list[float] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    error: Exception | None = None
    #: one call per so many seconds, more is a 429
    gap: float = 0.0
    wish: timedelta | None = None
    free_at: float = 0.0

    async def call(self) -> str:
        now = asyncio.get_running_loop().time()
        self.arrivals.append(now)
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        if now < self.free_at:
            self.limits.append(now)
            raise RateLimited("36009002", "slow down", retry_after=self.wish)
        self.free_at = max(now, self.free_at) + self.gap
        return "reply"


@dataclass
class Uneven(Shop):
    """Calls and replies are each up to `uneven` seconds on their way, and a millisecond at least."""

    uneven: float = 0.0
    delays: random.Random = field(default_factory=lambda: chance(1))

    async def call(self) -> str:
        await asyncio.sleep(self.delays.uniform(0.001, 0.001 + self.uneven))
        try:
            return await super().call()
        finally:
            await asyncio.sleep(self.delays.uniform(0.001, 0.001 + self.uneven))


def pace(store: Store, rate: float = 10.0, *, me: str = "a", failures: int = 5, **kwargs: Any) -> RateLimiter:
    rules = RateLimiterSettings(rate, failures, timedelta(seconds=10))
    return RateLimiter("demo", store, rules, me=me, clock=ServerClock(), **kwargs)


async def keep_calling(
    paces: Sequence[RateLimiter], shop: Shop, *, until: float, callers: int = 4, urgent: bool = True
) -> None:
    """So many callers per replica, each at once again."""

    async def caller(one: RateLimiter) -> None:
        while asyncio.get_running_loop().time() < until:
            try:
                await one.run(shop.call, urgent=urgent)
            except ShopResting as resting:
                await asyncio.sleep(resting.wait.total_seconds())
            except (RateLimited, Unavailable):
                await asyncio.sleep(0.5)

    await asyncio.gather(*(caller(one) for one in paces for _ in range(callers)))


def most_in_a_second(arrivals: Sequence[float], rate: float) -> float:
    """The shortest time that rate + 1 calls took."""
    count = ceil(rate)
    ordered = sorted(arrivals)
    return min((b - a for a, b in zip(ordered, ordered[count:], strict=False)), default=9.0)


async def stalls(times: Sequence[tuple[float, float]]) -> None:
    """The event loop is blocked for so long at these moments."""
    loop: Any = asyncio.get_running_loop()
    for after, length in times:
        await asyncio.sleep(after)
        loop.now += length


async def limit_lifted_after_two_minutes(shop: Shop) -> None:
    """One call a second is allowed until 1120, then any number, until 1300."""
    one = pace(Store())
    await keep_calling([one], shop, until=1120.0)
    shop.gap = shop.free_at = 0.0
    await keep_calling([one], shop, until=1300.0)


async def told_to_wait_ten_seconds(shop: Shop, store: Store) -> None:
    """Three replicas call until 1030; from 1005 on TikTok answers with Retry-After for 0.3 s."""
    limiters = [pace(store, me=str(number)) for number in range(3)]
    calling = asyncio.create_task(keep_calling(limiters, shop, until=1030.0))
    await asyncio.sleep(5)
    shop.error = RateLimited("36009002", "slow down", retry_after=timedelta(seconds=10))
    await asyncio.sleep(0.3)
    shop.error = None
    await calling
