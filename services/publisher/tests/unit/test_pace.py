"""The pace under a clock that the test moves: no second above the rate, whatever comes between."""

import asyncio
import itertools
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pace_simulation import (
    EPOCH,
    FakeTime,
    Shop,
    Store,
    Uneven,
    chance,
    keep_calling,
    limit_lifted_after_two_minutes,
    most_in_a_second,
    pace,
    stalls,
    told_to_wait_ten_seconds,
)

from publisher.errors import RateLimited, Refused, ShopResting, Unavailable
from publisher.pace.slots import Line, take_stretch
from publisher.pace.state import PaceState


@pytest.mark.reliability(32)
@settings(max_examples=60, deadline=None)
@given(
    rate=st.sampled_from([1.0, 2.5, 7.0, 10.0, 50.0]),
    callers=st.integers(1, 30),
    seconds=st.floats(0.001, 1.5),
    slowest=st.floats(0, 0.3),
    seed=st.integers(0, 99),
    blocked=st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(0.001, 0.7)), max_size=8),
    naps=st.lists(st.floats(0, 2.5), min_size=1, max_size=5),
)
def test_reliability_32_no_second_above_the_rate_under_any_interleaving(
    rate, callers, seconds, slowest, seed, blocked, naps
):
    """One replica: calls come in waves, last as they like, the loop is blocked, the database is slow."""
    shop = Shop(seconds)

    async def scenario():
        one = pace(Store(chance(seed), slowest), rate)

        async def caller(number):
            for nap in naps:
                await asyncio.sleep(nap * (number % 3))
                await one.run(shop.call, urgent=number % 4 != 0 or number == 0)

        await asyncio.gather(stalls(blocked), *(caller(n) for n in range(callers)), return_exceptions=True)

    FakeTime().play(scenario())
    assert shop.arrivals
    assert most_in_a_second(shop.arrivals, rate) >= 1.0


@pytest.mark.reliability(32)
@settings(max_examples=60, deadline=None)
@given(
    rate=st.sampled_from([1.0, 5.0, 10.0, 50.0]),
    replicas=st.lists(st.tuples(st.floats(0, 4), st.integers(1, 6)), min_size=2, max_size=4),
    seconds=st.floats(0.01, 0.8),
    seed=st.integers(0, 99),
    blocked=st.lists(st.tuples(st.floats(0.01, 2.0), st.floats(0.001, 0.4)), max_size=4),
)
def test_reliability_32_replicas_together_keep_the_rate(rate, replicas, seconds, seed, blocked):
    """They come one after another, each with its own callers, while the machine stalls now and then."""
    shop, store = Shop(seconds), Store(chance(seed))

    async def joins(number, after, callers):
        await asyncio.sleep(after)
        until = asyncio.get_running_loop().time() + 4
        await keep_calling([pace(store, rate, me=f"replica-{number}")], shop, until=until, callers=callers)

    async def scenario():
        await asyncio.gather(stalls(blocked), *(joins(n, *each) for n, each in enumerate(replicas)))

    FakeTime().play(scenario())
    assert most_in_a_second(shop.arrivals, rate) >= 1.0


@pytest.mark.reliability(32)
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("rate", [1.0, 10.0, 100.0])
def test_reliability_32_at_least_95_percent_of_the_rate_is_used(rate, count):
    shop, store = Shop(0.2), Store()

    async def scenario():
        await keep_calling(
            [pace(store, rate, me=str(n)) for n in range(count)], shop, until=1060.0, callers=int(rate * 0.3) + 4
        )

    FakeTime().play(scenario())
    counted = [at for at in shop.arrivals if at >= 1002.0 and at < 1060.0]
    assert len(counted) >= 0.95 * rate * 58
    assert most_in_a_second(shop.arrivals, rate) >= 1.0
    assert store.reservations <= max(2.6 * 60 * count, 60 * rate + 10)
    assert store.changes == 0, "nothing is written when nothing happens"


def test_late_sends_are_made_up_for():
    """A machine that stalls 60 ms once a second keeps its share."""
    shop = Shop(0.2)

    async def scenario():
        await asyncio.gather(keep_calling([pace(Store())], shop, until=1060.0, callers=6), stalls([(0.94, 0.06)] * 60))

    FakeTime().play(scenario())
    assert sum(at >= 1002.0 for at in shop.arrivals) >= 0.95 * 10 * 58
    assert most_in_a_second(shop.arrivals, 10) >= 1.0


@pytest.mark.parametrize("wish", [timedelta(seconds=1), None])
@pytest.mark.parametrize("replicas", [1, 2])
def test_reliability_32_a_shop_limited_to_1_a_second_is_found_out(wish, replicas):
    """The setting says 10: nine tenths of the real rate after half a minute, and few refusals."""
    shop, store = Shop(0.2, gap=1.0, wish=wish), Store()

    async def scenario():
        await keep_calling([pace(store, me=str(n)) for n in range(replicas)], shop, until=1600.0, callers=4)

    FakeTime().play(scenario())
    settled = [at for at in shop.arrivals if at >= 1030.0]
    refused = [at for at in shop.limits if at >= 1030.0]
    assert (len(settled) - len(refused)) / 570 >= 0.9
    assert len(shop.limits) - len(refused) <= 16
    assert len(refused) <= 20, "two a minute"
    assert most_in_a_second(settled, 1.0) > 0.5


def test_reliability_32_the_rate_comes_back_once_the_limit_is_lifted():
    shop = Shop(0.2, gap=1.0)
    FakeTime().play(limit_lifted_after_two_minutes(shop))
    assert sum(at >= 1290 for at in shop.arrivals) >= 92


@pytest.mark.reliability(32)
def test_reliability_32_retry_after_stops_all_replicas():
    """Only what was already on its way, or reserved for half a second, still goes out."""
    shop = Shop(0.2)
    FakeTime().play(told_to_wait_ten_seconds(shop, Store()))
    assert not [at for at in shop.arrivals if 1006.3 < at < 1015.0]
    assert [at for at in shop.arrivals if 1015.0 < at < 1020.0]


async def stopped_after(seconds, coroutine):
    task = asyncio.create_task(coroutine)
    await asyncio.wait({task}, timeout=seconds)
    task.cancel()
    await asyncio.wait({task})


def test_one_burst_of_limits_counts_once():
    shop, store = Shop(0.2), Store()

    async def scenario():
        one = pace(store, 50.0)
        shop.error = RateLimited("12052109", "too many", retry_after=timedelta(seconds=2))
        await asyncio.gather(*(one.run(shop.call) for _ in range(8)), return_exceptions=True)

    loop = FakeTime()
    loop.play(stopped_after(1.5, scenario()))
    assert store.state.learned.low == pytest.approx(0.85 * 50)


def test_a_long_pause_puts_the_call_back():
    shop, store = Shop(), Store(state=PaceState(paused_until=EPOCH + timedelta(seconds=1060)))

    async def scenario():
        with pytest.raises(ShopResting) as resting:
            await pace(store).run(shop.call)
        return resting.value.wait

    assert timedelta(seconds=55) < FakeTime().play(scenario()) <= timedelta(seconds=60)
    assert not shop.arrivals


@pytest.mark.reliability(35)
def test_reliability_35_the_breaker_opens_and_one_probe_at_a_time_tries():
    """One minute without answers: few calls, and soon after its end everything goes again."""
    shop, store = Shop(0.2), Store()

    async def scenario():
        paces = [pace(store, me=str(n)) for n in range(2)]
        calling = asyncio.create_task(keep_calling(paces, shop, until=1120.0))
        await asyncio.sleep(5)
        shop.error = Unavailable("http_503", "no")
        await asyncio.sleep(60)
        shop.error = None
        await calling

    FakeTime().play(scenario())
    during = [at for at in shop.arrivals if 1005.2 < at < 1065.0]
    assert 5 < len(during) <= 25
    assert all(b - a > 0.9 for a, b in itertools.pairwise(during[12:])), "one at a time"
    after = [at for at in shop.arrivals if at > 1065.0]
    assert after[0] < 1077.0
    assert sum(1080 < at < 1110 for at in after) >= 0.9 * 300
    assert store.state.breaker.failures == 0


def test_refusals_are_answers():
    shop, store = Shop(error=Refused("12052104", "attribute missing")), Store()

    async def scenario():
        one = pace(store, failures=2)
        for _ in range(6):
            with pytest.raises(Refused):
                await one.run(shop.call)

    FakeTime().play(scenario())
    assert len(shop.arrivals) == 6
    assert store.changes == 0


def test_a_new_replica_learns_of_an_open_breaker_before_it_calls():
    store, shop = Store(), Shop(error=Unavailable("network", "no"))

    async def scenario():
        for _ in range(5):
            with pytest.raises(Unavailable):
                await pace(store).run(shop.call)
        calls = len(shop.arrivals)
        restarted = pace(store, me="b")
        with pytest.raises(ShopResting):
            await restarted.run(shop.call)
        assert len(shop.arrivals) == calls
        assert not restarted.has_capacity(0)
        await asyncio.sleep(1.1)
        assert restarted.has_capacity(0)
        assert not restarted.has_capacity(1)

    FakeTime().play(scenario())


def test_others_wait_for_the_urgent_but_do_not_starve():
    shop = Shop(0.2)
    seen = []

    async def scenario():
        one = pace(Store())

        async def reading():
            while asyncio.get_running_loop().time() < 1020:
                await one.run(shop.call, urgent=False)
                seen.append(1)

        await asyncio.gather(reading(), keep_calling([one], shop, until=1020.0, callers=8))

    FakeTime().play(scenario())
    assert 0.1 * 194 < len(seen) < 0.25 * 194


def test_what_was_begun_first_is_finished_first():
    """A push is its uploads and then its create: begun side by side they end one by one, not all at the end."""
    ended = []

    async def scenario():
        one = pace(Store())

        async def push(number):
            await asyncio.gather(*(one.run(Shop(0.2).call, rank=(number,)) for _ in range(6)))
            await one.run(Shop(0.2).call, rank=(number,))
            ended.append((number, asyncio.get_running_loop().time() - 1000))

        pushes = [asyncio.create_task(push(number)) for number in (2, 0, 3, 1)]
        await asyncio.sleep(0.3)
        first = asyncio.create_task(one.run(Shop(0.2).call))
        await asyncio.sleep(0.35)
        assert first.done()  # without a rank: before all others
        await asyncio.gather(*pushes)

    FakeTime().play(scenario())
    assert [number for number, _ in ended] == [0, 1, 2, 3]
    assert ended[0][1] < 0.5 * ended[-1][1]


def test_two_readings_line_up_and_more_are_sent_away():
    async def scenario():
        one = pace(Store(), 1.0)
        calls = [asyncio.create_task(one.run(Shop(0.2).call, urgent=False)) for _ in range(6)]
        done = await asyncio.gather(*calls, return_exceptions=True)
        return sum(isinstance(each, ShopResting) for each in done)

    assert FakeTime().play(scenario()) == 3


def test_cancelled_waiters_lose_nothing():
    shop = Shop(0.2)

    async def scenario():
        one = pace(Store())
        tasks = [asyncio.create_task(one.run(shop.call)) for _ in range(12)]
        await asyncio.sleep(0.25)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return await one.run(shop.call)

    assert FakeTime().play(scenario()) == "reply"
    assert most_in_a_second(shop.arrivals, 10) >= 1.0


def test_a_shop_with_waiting_calls_gets_no_further_job():
    told = []

    async def scenario():
        one = pace(Store(), 1.0, on_capacity=lambda: told.append(asyncio.get_running_loop().time()))
        assert one.has_capacity(0)
        calls = [asyncio.create_task(one.run(Shop(0.2).call)) for _ in range(8)]
        await asyncio.sleep(0.5)
        assert not one.has_capacity(8)
        await asyncio.sleep(1.0)
        assert told
        assert one.has_capacity(3)
        await asyncio.gather(*calls)

    FakeTime().play(scenario())


def test_a_slow_database_does_not_stop_the_calls():
    """500 ms on the way: slower, but never stuck, and never above."""
    shop = Shop(0.2)

    async def scenario():
        await keep_calling([pace(Store(slowest=0.5), me=m) for m in "ab"], shop, until=1060.0, callers=4)

    FakeTime().play(scenario())
    assert len(shop.arrivals) > 60


def test_the_line_of_a_dead_replica_holds_nobody_up():
    line = replace(Line(), next_at=EPOCH - timedelta(seconds=5), holder="dead")
    _, start = take_stretch(line, EPOCH, "a", length=timedelta(seconds=1), lead=timedelta(0))
    assert start == EPOCH


@settings(max_examples=60, deadline=None)
@given(
    rate=st.sampled_from([5.0, 10.0, 50.0]),
    cold=st.floats(0, 0.12),
    seed=st.integers(0, 99),
    rests=st.lists(st.floats(0, 12), max_size=3),
)
def test_reliability_32_calls_that_open_connections_arrive_late_and_stay_within_the_rate(rate, cold, seed, rests):
    """After a start or a rest each call opens a connection until one is free again: the next ones close up on it."""
    delays = chance(seed)

    @dataclass
    class Connecting(Shop):
        free: list[float] = field(default_factory=list)

        async def call(self):
            now = asyncio.get_running_loop().time()
            open_still = [since for since in self.free if now - since < 5]
            self.free = open_still[1:]
            await asyncio.sleep(0.002 if open_still else delays.uniform(0.002, 0.002 + cold))
            try:
                return await super().call()
            finally:
                self.free.append(asyncio.get_running_loop().time())

    shop = Connecting(0.2)

    async def scenario():
        one = pace(Store(chance(seed)), rate)
        for rest in [0.0, *rests]:
            await asyncio.sleep(rest)
            until = asyncio.get_running_loop().time() + 3
            await keep_calling([one], shop, until=until, callers=int(rate * 0.4) + 2)

    FakeTime().play(scenario())
    assert most_in_a_second(shop.arrivals, rate) >= 1.0


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 99), stalls=st.lists(st.tuples(st.floats(0.3, 3), st.floats(0.05, 0.33)), max_size=6))
def test_reliability_32_calls_that_a_busy_machine_delivers_late_stay_within_the_rate(seed, stalls):
    """While it stalls nothing arrives; then everything does at once, and is answered as fast as ever."""

    @dataclass
    class Stalling(Shop):
        away_until: float = 0.0

        async def call(self):
            await asyncio.sleep(max(0.0, self.away_until - asyncio.get_running_loop().time()))
            return await super().call()

    shop = Stalling(0.2)

    async def scenario():
        calling = asyncio.create_task(keep_calling([pace(Store(chance(seed)))], shop, until=1012.0, callers=6))
        for after, length in stalls:
            await asyncio.sleep(after + max(0.0, shop.away_until - asyncio.get_running_loop().time()))
            shop.away_until = asyncio.get_running_loop().time() + length
        await calling

    FakeTime().play(scenario())
    assert most_in_a_second(shop.arrivals, 10) >= 1.0


def test_a_slower_kind_of_call_costs_no_rate():
    """Every third call takes 100 ms longer: that is no delay on the way."""
    slow, quick = Shop(0.3), Shop(0.2)

    async def scenario():
        one = pace(Store())

        async def caller(number):
            for turn in itertools.count(number):
                if asyncio.get_running_loop().time() > 1060:
                    return
                kind = "POST" if turn % 3 == 0 else "upload"
                await one.run((slow if kind == "POST" else quick).call, kind=kind)

        await asyncio.gather(*(caller(number) for number in range(6)))

    FakeTime().play(scenario())
    assert sum(1002 <= at < 1060 for at in slow.arrivals + quick.arrivals) >= 0.955 * 10 * 58


@pytest.mark.parametrize("gap", [0.25, 0.5, 1.0])
def test_reliability_32_a_far_lower_limit_is_measured_in_the_first_minute(gap):
    """Retry-After in whole seconds, as TikTok writes it; learning is part of the minute."""
    shop = Shop(0.2, gap=gap, wish=timedelta(seconds=1))

    async def scenario():
        await keep_calling([pace(Store())], shop, until=1060.0, callers=12)

    FakeTime().play(scenario())
    got = len({at for at in shop.arrivals if at < 1060} - set(shop.limits))
    assert got * gap >= 0.8 * 60
    assert len(shop.limits) <= 10


def test_few_calls_before_a_limit_do_not_make_the_shop_slow():
    """One call every two seconds says nothing of what TikTok lets through: the cut is the usual one."""
    shop, store = Shop(0.2), Store()

    async def scenario():
        one = pace(store)
        for _ in range(6):
            await one.run(shop.call)
            await asyncio.sleep(2)
        shop.error = RateLimited("36009002", "slow down", retry_after=timedelta(seconds=1))
        asyncio.get_running_loop().call_later(0.3, setattr, shop, "error", None)
        await one.run(shop.call)

    FakeTime().play(scenario())
    assert store.state.learned.low == pytest.approx(8.5)


@pytest.mark.parametrize(
    ("uneven", "least"), [(0.002, 0.98), (0.01, 0.975), (0.03, 0.95), (0.06, 0.92)], ids=["2 ms", "10", "30", "60"]
)
@pytest.mark.parametrize("seed", range(5))
def test_reliability_32_uneven_delays_are_learned_and_stay_within_the_rate(seed, uneven, least):
    """On an even way nearly all of the rate is used; on an uneven one as much time is kept clear as it takes."""
    shop = Uneven(0.2, uneven=uneven, delays=chance(seed))
    FakeTime().play(keep_calling([pace(Store(chance(seed)))], shop, until=1120.0, callers=8))
    learned = [at for at in shop.arrivals if at >= 1005]
    assert most_in_a_second(learned if uneven > 0.05 else shop.arrivals, 10) >= 1.0
    assert sum(at < 1115 for at in learned) >= least * 10 * 110


def test_a_replica_alone_reserves_a_second_at_a_time():
    shop, store = Shop(0.2), Store()
    FakeTime().play(keep_calling([pace(store)], shop, until=1060.0, callers=6))
    assert store.reservations <= 66
