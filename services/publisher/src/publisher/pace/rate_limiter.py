"""The rate limiter of a shop: every call waits here for its send time and reports its outcome here."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from math import ceil, floor
from typing import TypeVar

import structlog

from publisher.errors import HourSpent, PublisherError, RateLimited, ShopResting, Unavailable, Withheld
from publisher.metrics import ALLOWED_RATE, BREAKERS_OPEN, BREAKERS_OPENED, RATE_LIMITS, SHOP_CALLS
from publisher.pace.adaptive_rate import ThroughputEstimate, after_limit, pause_after
from publisher.pace.breaker import after_answer, after_failure
from publisher.pace.call_queue import CallQueue, Rank
from publisher.pace.known_state import KnownState
from publisher.pace.reserved_times import ReservedTimes
from publisher.pace.slots import Send, ServerClock, SlotReservation, Window, is_shared, spacing
from publisher.pace.state import PaceState, PaceStore, RateLimiterSettings
from shopsync_runtime.metrics import shop_label

log = structlog.get_logger(__name__)

T = TypeVar("T")
# Seconds where nothing else is said. Values were chosen unless a source is named; tests/unit/test_pace.py holds what
# they have to reach together (95 % of the rate used, no second above it), `make bench-publisher` shows it on a machine.

_RESERVED_SECONDS = 0.5
"""Send times reserved at once beside other replicas: half a second until they notice a stop. With 2.0 two replicas no
longer use 95 % of the rate.
"""
_RESERVED_ALONE = 1.0
"""The same without other replicas, at the full rate: one write a second and shop. What a killed process has reserved is
lost time for the next one, and one that joins waits for it.
"""
_LONGEST_WAIT = 3.0
"""A call waits out a shorter pause; a longer one reschedules the job, so that it holds no worker."""
_CALLS_AHEAD = 6
"""Queued calls with which the shop gets no further job: about as many as a push makes, so that the queue is not empty
before the next push begins.
"""
_MOST_OTHERS = 2
"""Calls that are not urgent and wait; more are sent away. As many as `reviewing` makes at a time: they need not come
again.
"""
_MOST_SENDS = 3
"""Tries of one call that TikTok limits, before the job is rescheduled. One limit alone costs no worker."""
_MOST_MISSED = 5
"""Send times that one call may miss: on a machine that always wakes late it must not wait indefinitely."""
_MOST_EXCHANGES = 3
_PRECISE = 0.01
"""Beside other replicas a reservation is repeated, up to three times, until MongoDB's clock is known this precisely."""
_LONGEST_LEAD = 1.0
"""How far ahead a reservation starts at most; usually as long as the last exchange with MongoDB took."""
_PROBE_LEASE = timedelta(seconds=10)
"""How long one call may try an open breaker before another may; a call without an answer takes longer."""
_BUSY_WAIT = timedelta(seconds=1)
"""When to come again with a call that is not urgent, while others wait."""
_AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Turn:
    send: Send
    probe: bool = False


class RateLimiter:
    """Limits one shop's calls in this replica. It has no task, and writes nothing while the shop has no calls.

    `on_capacity` is called when the shop may take another job.
    """

    def __init__(
        self,
        shop_key: str,
        store: PaceStore,
        rules: RateLimiterSettings,
        *,
        me: str,
        clock: ServerClock,
        on_capacity: Callable[[], None] = lambda: None,
    ) -> None:
        self._shop_key = shop_key
        self._store = store
        self._rules = rules
        self._me = me
        self._clock = clock
        self._on_capacity = on_capacity
        self._queue = CallQueue()
        self._window = Window(rules.rate)
        self._throughput = ThroughputEstimate()
        self._reserved = ReservedTimes()
        self._size = 1
        self._alone = False
        self._lead = 0.0
        self._got_through = True
        self._known = KnownState(rules.rate)
        label = shop_label(shop_key)
        self._calls, self._allowed = SHOP_CALLS.labels(label), ALLOWED_RATE.labels(label)

    async def run(
        self,
        send: Callable[[], Awaitable[T]],
        *,
        urgent: bool = True,
        rank: Rank = (),
        kind: str = "",
        once: bool = False,
    ) -> T:
        """Call `send` at the shop's next send time. A call that was limited, and certainly not done, is sent again.

        `once`: it is not sent again, RateLimited is raised.
        `rank`: of the urgent calls that wait the lowest goes first, so that pushes end in the order they began.
        `kind`: calls of one kind take about as long as each other; a slower reply means that the call was delayed.

        Raises what `send` raises, and ShopResting, with nothing sent, when the shop's calls are stopped for long.
        """
        for _ in range(_MOST_SENDS):
            turn = await self._turn(urgent=urgent, rank=rank)
            turn.send.kind = kind
            self._calls.inc()
            try:
                try:
                    reply = await send()
                finally:
                    self._window.replied(turn.send, _now())
            except RateLimited as error:
                limited = error
                await self._limited(error, turn)
                if once or error.outcome_unknown:
                    raise
            except HourSpent as error:
                await self._stop_until_next_hour(error, turn)
                raise
            except Unavailable:
                await self._failed(turn)
                raise
            except Withheld:
                raise  # TikTok was not asked
            except PublisherError:
                await self._answered(turn)
                raise
            else:
                await self._answered(turn)
                return reply
        raise limited

    def has_capacity(self, jobs: int) -> bool:
        """Whether another job of the shop, beside `jobs` that run, could make its calls soon."""
        now = _now()
        if self._state.breaker.is_open:
            return jobs == 0 and self._known.rest(now) <= 0
        return self._known.pause(now) <= 0 and self._queue.waiting(urgent=True) < _CALLS_AHEAD

    # Waiting for a send time --------------------------------------------------------------------------------

    async def _turn(self, *, urgent: bool, rank: Rank) -> _Turn:
        if not urgent and self._queue.waiting(urgent=False) >= _MOST_OTHERS:
            raise ShopResting("shop_busy", "the shop's calls take all of its rate", _BUSY_WAIT)
        stopped = self._known.was_paused(_now())
        try:
            async with self._queue.turn(urgent=urgent, rank=rank):
                return await self._send_time(waited=stopped)
        finally:
            if self._queue.waiting(urgent=True) < _CALLS_AHEAD:
                self._on_capacity()

    async def _send_time(self, *, waited: bool) -> _Turn:
        missed, tried = 0, False
        while True:
            now = _now()
            if self._state.breaker.is_open:
                probe = await self._probe(now)
                if probe is not None:
                    return probe
            elif (pause := self._known.pause(now)) > 0:
                if pause > _LONGEST_WAIT:
                    raise ShopResting("rate", "TikTok Shop asked to slow down", timedelta(seconds=pause))
                await asyncio.sleep(pause)
                waited = True
            elif self._reserved.is_short(self._waiting()):
                await self._reserve()
                tried = True
            elif missed < _MOST_MISSED and self._drop_late(now):
                missed += tried
            elif (wait := max(self._reserved.first.first, self._window.earliest(now)) - now) > 0:
                await asyncio.sleep(wait)
                tried = waited = True
            else:
                # With other replicas on the line, one's own calls are only a part of the throughput.
                self._throughput.sent(now, waited=waited and self._reserved.first.alone)
                self._reserved.use_first()
                return _Turn(self._window.note(now))

    async def _probe(self, now: float) -> _Turn | None:
        """The turn to try an open breaker. None: it has closed. Raises ShopResting while it is open."""
        rest = self._known.rest(now)
        if rest <= 0 and await self._store.claim_probe(self._shop_key, _PROBE_LEASE):
            await asyncio.sleep(max(0.0, self._window.earliest(_now()) - _now()))
            return _Turn(self._window.note(_now()), probe=True)
        if rest <= 0:
            await self._reserve()
            if not self._state.breaker.is_open:
                return None
            rest = max(self._known.rest(_now()), 1.0)
        raise ShopResting("unavailable", "TikTok Shop does not answer for this shop", timedelta(seconds=rest))

    def _drop_late(self, now: float) -> bool:
        dropped = self._reserved.drop_late(now)
        if dropped:
            self._size = 1
        return dropped

    async def _reserve(self) -> None:
        for attempt in range(1, _MOST_EXCHANGES + 1):
            reserved = await self._exchange()
            if reserved is None:
                return
            # With other replicas send times have to be precise: a slow exchange does not tell the server's time well.
            if reserved.alone or self._clock.uncertain <= _PRECISE or attempt == _MOST_EXCHANGES:
                self._reserved.add(reserved)
                return

    async def _exchange(self) -> SlotReservation | None:
        asked = _now()
        rate = self._known.rate(asked)
        self._allowed.set(rate)
        # A learned rate is not known so precisely.
        is_alone = self._alone and rate >= self._rules.rate
        most = max(1, ceil(rate * (_RESERVED_ALONE if is_alone else _RESERVED_SECONDS)))
        count = min(most, max(self._size, 1 + self._waiting()))
        # Of several close send times at least one is left when another replica is found to have come.
        close = is_alone and count > 1
        length = timedelta(seconds=count * spacing(rate, alone=close))
        lead = timedelta(seconds=min(self._lead, _LONGEST_LEAD))
        got = await self._store.reserve(self._shop_key, self._me, length=length, lead=lead, rate=rate)
        answered = _now()
        self._lead = answered - asked
        self._learn(got.state, got.now)
        if got.start is None:
            return None
        self._alone = not is_shared(got.shared_at, got.now)
        step = spacing(self._known.rate(answered), alone=close and self._alone)  # the rate may be lower than before
        first = self._clock.local(got.start, server_now=got.now, asked=asked, answered=answered)
        count = min(count, max(1, floor(length.total_seconds() / step + 0.001)))
        self._size = 2 * count
        return SlotReservation(first, step, count, alone=self._alone)

    def _waiting(self) -> int:
        return self._queue.waiting(urgent=True) + self._queue.waiting(urgent=False)

    # What came of it ----------------------------------------------------------------------------------------

    async def _limited(self, error: RateLimited, turn: _Turn) -> None:
        measured = self._throughput.limited(turn.send.at, _now())

        def slower(state: PaceState, now: datetime) -> PaceState:
            age = timedelta(seconds=_now() - turn.send.at)
            learned = after_limit(
                state.learned, now, self._rules.rate, sent_at=now - age, answered=self._got_through, measured=measured
            )
            until = now + pause_after(learned, error.retry_after)
            if state.paused_until is not None:
                until = max(until, state.paused_until)
            return PaceState(until, learned, after_answer(state.breaker, probe=turn.probe))

        RATE_LIMITS.labels(shop_label(self._shop_key)).inc()
        before = self._state.learned
        await self._change(slower)
        if self._state.learned is not None and self._state.learned != before:
            self._got_through = False
            log.info(
                "TikTok Shop asked to slow down",
                shop_key=self._shop_key,
                code=error.code,
                pause_seconds=round(self._known.pause(_now()), 1),
                requests_per_second=round(self._state.learned.low, 2),
            )

    async def _stop_until_next_hour(self, error: HourSpent, turn: _Turn) -> None:
        """The shop's calls of the hour are used up. Its rate was not too high, so it is not cut."""

        def stopped(state: PaceState, now: datetime) -> PaceState:
            until = now + (_AN_HOUR if error.retry_after is None else error.retry_after)
            if state.paused_until is not None:
                until = max(until, state.paused_until)
            return replace(state, paused_until=until, breaker=after_answer(state.breaker, probe=turn.probe))

        await self._change(stopped)
        log.warning(
            "the shop's calls of this hour are used up, it waits",
            shop_key=self._shop_key,
            code=error.code,
            pause_seconds=round(self._known.pause(_now())),
        )

    async def _failed(self, turn: _Turn) -> None:
        rules, was_open = self._rules, self._state.breaker.is_open
        fail = partial(after_failure, probe=turn.probe, limit=rules.failures, longest=rules.longest)
        await self._change(lambda state, now: replace(state, breaker=fail(state.breaker, now)))
        breaker = self._state.breaker
        if breaker.is_open and (turn.probe or not was_open):
            BREAKERS_OPENED.inc()
            log.warning(
                "TikTok Shop does not answer for this shop, its pushes wait",
                shop_key=self._shop_key,
                failures=breaker.failures,
                pause_seconds=round(self._known.rest(_now()), 1),
            )

    async def _answered(self, turn: _Turn) -> None:
        self._got_through = True
        if not turn.probe and self._state.breaker.failures == 0:
            return
        answer = partial(after_answer, probe=turn.probe)
        await self._change(lambda state, _: replace(state, breaker=answer(state.breaker)))
        if turn.probe:
            log.info("TikTok Shop answers for this shop again", shop_key=self._shop_key)
        self._on_capacity()

    async def _change(self, change: Callable[[PaceState, datetime], PaceState]) -> None:
        self._learn(*await self._store.change(self._shop_key, change))

    def _learn(self, state: PaceState, server_now: datetime) -> None:
        """Adopt the stored state, unless a newer one is known. What was reserved for another rate is given up."""
        before = self._state
        if not self._known.learn(state, server_now, _now()):
            return
        if state.breaker.is_open != before.breaker.is_open:
            BREAKERS_OPEN.inc(1 if state.breaker.is_open else -1)
        stopped = state.breaker.is_open or (state.paused_until is not None and state.paused_until > server_now)
        if stopped or state.learned != before.learned:
            self._reserved.clear()

    @property
    def _state(self) -> PaceState:
        return self._known.state


def _now() -> float:
    return asyncio.get_running_loop().time()
