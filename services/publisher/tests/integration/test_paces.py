"""The shared document: the pipeline does what the pure functions say, and survives replicas and restarts."""

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta

import pytest_asyncio

from publisher.pace.adaptive_rate import LearnedRate
from publisher.pace.breaker import Breaker, after_answer, after_failure
from publisher.pace.rate_limiter import RateLimiter
from publisher.pace.slots import Line, ServerClock, take_stretch
from publisher.pace.state import RateLimiterSettings
from publisher.store import Paces
from shopsync_runtime.mongo import make_client

LENGTH, LEAD = timedelta(milliseconds=515), timedelta(milliseconds=3)


@pytest_asyncio.fixture(loop_scope="session")
async def database(mongo_uri, mongo_database):
    async with make_client(mongo_uri, app_name="test") as client:
        yield client[mongo_database]


async def test_reserving_is_take_stretch(database):
    """Every kind of line, with times relative to the server's present time."""
    collection, paces = database["paces"], Paces(database)
    aheads, holders = [None, -9000, -1600, -1400, -1, 0, 300, 4000], [None, "me", "other"]
    for ahead, holder, shared in itertools.product(aheads, holders, [None, -9800, -10_200]):
        await collection.delete_many({})
        relative = {"next_at": ahead, "shared_at": shared}
        times = {name: {"$add": ["$$NOW", value]} for name, value in relative.items() if value is not None}
        if holder is not None or times:
            await collection.update_one({"_id": "demo"}, [{"$set": {**times, "holder": holder}}], upsert=True)
        before = await collection.find_one({"_id": "demo"}) or {}
        line = Line(before.get("next_at"), before.get("holder"), before.get("shared_at"))
        got = await paces.reserve("demo", "me", length=LENGTH, lead=LEAD)
        expected, start = take_stretch(line, got.now, "me", length=LENGTH, lead=LEAD)
        stored = await collection.find_one({"_id": "demo"})
        assert (got.start, got.shared_at) == (start, expected.shared_at), line
        assert (stored["next_at"], stored["holder"]) == (expected.next_at, expected.holder), line


async def test_nothing_is_taken_while_the_shop_is_stopped(database):
    paces = Paces(database)
    first = await paces.reserve("demo", "me", length=LENGTH, lead=LEAD)
    assert first.start is not None
    await paces.change("demo", lambda state, now: replace(state, paused_until=now + timedelta(hours=1)))
    assert (await paces.reserve("demo", "me", length=LENGTH, lead=LEAD)).start is None
    await paces.change("demo", lambda state, now: replace(state, paused_until=now, breaker=Breaker(5, 1, now)))
    assert (await paces.reserve("demo", "me", length=LENGTH, lead=LEAD)).start is None
    await paces.change("demo", lambda state, _: replace(state, breaker=after_answer(state.breaker, probe=True)))
    await asyncio.sleep(0.002)
    again = await paces.reserve("demo", "me", length=LENGTH, lead=LEAD)
    assert again.start is not None
    assert again.start >= first.start + LENGTH, "what was refused took nothing"


async def test_state_comes_back_as_it_was_written(database, now):
    learned = LearnedRate(3.5, 1.25, now, strikes=2)
    after, _ = await Paces(database).change("$new/shop", lambda state, _: replace(state, learned=learned))
    got = await Paces(database).reserve("$new/shop", "$me", length=LENGTH, lead=LEAD)
    assert got.state == after
    assert got.state.learned == learned


async def test_changes_at_once_are_all_counted(database):
    """Replicas count failures at the same time, and none is lost."""

    async def fail():
        await Paces(database).change(
            "demo",
            lambda state, now: replace(
                state,
                breaker=after_failure(state.breaker, now, probe=False, limit=100, longest=timedelta(seconds=10)),
            ),
        )

    await asyncio.gather(*(fail() for _ in range(12)))
    state, _ = await Paces(database).change("demo", lambda state, _: state)
    assert state.breaker.failures == 12


async def test_one_probe_across_replicas(database):
    paces, lease = Paces(database), timedelta(seconds=10)
    assert not await paces.claim_probe("demo", lease)
    await paces.change("demo", lambda state, now: replace(state, breaker=Breaker(5, 1, now)))
    claims = await asyncio.gather(*(Paces(database).claim_probe("demo", lease) for _ in range(6)))
    assert sum(claims) == 1
    await paces.change("demo", lambda state, now: replace(state, breaker=Breaker(6, 2, now)))
    assert await paces.claim_probe("demo", lease), "the next opening has its own probe"


async def test_replicas_share_the_rate_on_a_real_database(database):
    """Three replicas with more callers than they need, two seconds: together no second above the rate."""
    loop, sends, rate = asyncio.get_running_loop(), [], 40.0
    rules = RateLimiterSettings(rate, 5, timedelta(seconds=10))
    replicas = [RateLimiter("demo", Paces(database), rules, me=str(n), clock=ServerClock()) for n in range(3)]

    async def send():
        sends.append(loop.time())

    async def caller(pace):
        while len(sends) < 2.5 * rate:
            await pace.run(send)

    await asyncio.gather(*(caller(pace) for pace in replicas for _ in range(4)))
    assert min(b - a for a, b in zip(sends, sends[int(rate) :], strict=False)) >= 1.0
    document = await database["paces"].find_one({"_id": "demo"})
    assert "learned" not in document, "nothing to learn"


async def test_the_rate_in_use_is_noted_for_operators(database):
    paces = Paces(database)
    await paces.reserve("demo", "me", length=LENGTH, lead=LEAD, rate=7.25)
    assert (await database["paces"].find_one({"_id": "demo"}))["rate"] == 7.25
