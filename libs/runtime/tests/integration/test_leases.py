import asyncio
from datetime import timedelta

import pytest
from pymongo.errors import AutoReconnect

from shopsync_runtime import CommonSettings, LeaseLost, Leases, Runtime
from shopsync_testkit.polling import eventually

TTL = timedelta(seconds=30)


@pytest.fixture
def replicas(mongo_client, mongo_database):
    """Three replicas of the janitor."""
    return [Leases(mongo_client[mongo_database], "janitor") for _ in range(3)]


async def test_a_slot_is_claimed_once_across_replicas(replicas):
    claims = await asyncio.gather(*(one.claim_slot("sweep", "2026-11-23") for one in replicas for _ in range(3)))
    assert claims.count(True) == 1
    assert await replicas[0].claim_slot("sweep", "2026-11-24")
    assert await replicas[1].claim_slot("report", "2026-11-23")


async def test_a_claim_with_unknown_outcome_is_asked_again_by_the_same_replica(replicas, monkeypatch):
    first, second, _ = replicas
    insert = first._collection.insert_one

    class Cut:
        """The server executed it, but the answer was lost."""

        def __getattr__(self, name):
            return getattr(collection, name)

        async def insert_one(self, document):
            await insert(document)
            raise AutoReconnect("connection closed")

    collection = first._collection
    await first.claim_slot("warm", "up")
    monkeypatch.setattr(first, "_collection", Cut())
    with pytest.raises(AutoReconnect):
        await first.claim_slot("sweep", "2026-11-23")
    monkeypatch.undo()
    assert not await second.claim_slot("sweep", "2026-11-23")
    assert await first.claim_slot("sweep", "2026-11-23")
    assert not await first.claim_slot("sweep", "2026-11-23"), "once means once"


async def test_slots_are_cleared_by_a_ttl_index_that_the_start_makes(mongo_uri, mongo_client, mongo_database):
    common = CommonSettings(kafka_bootstrap_servers="b:1", mongo_uri=mongo_uri, mongo_database=mongo_database)
    runtime = Runtime("janitor", common)
    assert not runtime.start_hooks
    async with runtime.leases.hold("clock", TTL) as held:
        assert held is not None
    for hook in runtime.start_hooks:
        await hook()
    indexes = await mongo_client[mongo_database]["janitor_leases"].index_information()
    assert indexes["clear_at_1"]["expireAfterSeconds"] == 0
    await runtime.close_mongo()


async def test_a_lease_is_held_by_one_and_given_back(replicas):
    first, second, _ = replicas
    async with first.hold("token", TTL) as held:
        assert held is not None
        held.check()
        async with second.hold("token", TTL) as other:
            assert other is None
        async with second.hold("another", TTL) as other:
            assert other is not None
    async with second.hold("token", TTL) as later:
        assert later is not None
        assert later.token > held.token


async def test_a_lease_is_renewed_past_its_time(replicas):
    first, second, _ = replicas
    async with first.hold("token", timedelta(seconds=1)) as held:
        expires = held._expires
        await eventually(lambda: held._expires > expires + 1)
        async with second.hold("token", TTL) as other:
            assert other is None
        assert not held.lost


async def test_a_dead_holders_lease_runs_out_and_its_work_is_fenced(replicas, monkeypatch):
    first, second, _ = replicas
    monkeypatch.setattr(first, "_renew", lambda *_: asyncio.sleep(0))  # a holder that hangs renews nothing
    async with first.hold("token", timedelta(milliseconds=200)) as held:

        async def taken_over():
            async with second.hold("token", TTL) as other:
                return other and other.token

        token = await eventually(taken_over)
        assert token == held.token + 1
        with pytest.raises(LeaseLost):
            held.check()
        async with second.hold("token", TTL) as other:
            assert other is not None
            await first._release(held)
            async with first.hold("token", TTL) as again:
                assert again is None, "the late release of an old holder frees nothing"
