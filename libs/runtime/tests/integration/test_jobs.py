"""The queue of jobs and its worker against MongoDB."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from shopsync_runtime import LeaseLost, Leases
from shopsync_runtime.cancelling import stop
from shopsync_runtime.jobs import JobDocuments, ShopWorker, WorkerOptions
from shopsync_testkit.polling import eventually

NOW = datetime(2026, 11, 23, 1, 2, 3, 456000, tzinfo=UTC)
KEEP = timedelta(days=90)


@pytest.fixture
def collection(mongo_client, mongo_database):
    return mongo_client[mongo_database]["imports"]


@pytest.fixture
def jobs(collection):
    return JobDocuments(collection, kind="import", queued="queued", keep=KEEP)


def a_job(minute=0, shop_key="demo", state="queued", **members):
    return {"shop_key": shop_key, "requested_at": NOW.replace(minute=minute), "state": state, **members}


class TestDocuments:
    async def test_a_request_that_comes_again_changes_nothing(self, jobs, collection):
        assert await jobs.add("j1", a_job(mode="first"))
        await jobs.write("j1", {"state": "running"}, 3)
        assert not await jobs.add("j1", a_job(mode="second"))
        stored = await collection.find_one({"_id": "j1"})
        assert stored == {"_id": "j1", **a_job(state="running", mode="first"), "finished": False, "token": 3}

    async def test_the_job_that_has_begun_goes_first_then_the_one_that_waits_longest(self, jobs):
        for name, document in [
            ("late", a_job(5)),
            ("b", a_job(3)),
            ("a", a_job(3)),
            ("finished", a_job(1)),
            ("other", a_job(0, "other")),
        ]:
            await jobs.add(name, document)
        await jobs.write("finished", {"finished": True, "state": "done"}, 1)
        assert (await jobs.next_for("demo"))["_id"] == "a", "of equal times the smaller id"
        await jobs.write("late", {"state": "running"}, 1)
        assert (await jobs.next_for("demo"))["_id"] == "late"
        assert await jobs.next_for("nobody") is None

    async def test_what_is_due_restricts_those_that_wait_only(self, jobs):
        await jobs.add("early", a_job(1, due=False))
        await jobs.add("due", a_job(2, due=True))
        assert (await jobs.next_for("demo", due={"due": True}))["_id"] == "due"
        assert await jobs.next_for("demo", among={"tied": 1}) is None
        await jobs.write("early", {"state": "running"}, 1)
        assert (await jobs.next_for("demo", due={"due": True}))["_id"] == "early"

    async def test_a_later_holder_of_the_lease_fences_the_earlier_one_off(self, jobs, collection):
        await jobs.add("j1", a_job())
        await jobs.write("j1", {"page": 1}, 2)
        await jobs.write("j1", {"page": 2}, 2)
        with pytest.raises(LeaseLost, match="import j1 is in the hands of another replica"):
            await jobs.write("j1", {"page": 9}, 1)
        assert (await collection.find_one({"_id": "j1"}))["page"] == 2

    async def test_what_has_ended_is_dropped_in_time(self, jobs, collection):
        await jobs.ensure_indexes()
        await jobs.ensure_indexes()
        assert jobs.expiry(NOW) == {"expires_at": NOW + KEEP}
        indexes = await collection.index_information()
        assert indexes["expires_at_1"]["expireAfterSeconds"] == 0
        assert indexes["unfinished"]["partialFilterExpression"] == {"finished": False}
        assert "shop_key_1_requested_at_1" in indexes


@dataclass
class Job:
    id: str
    shop_key: str
    traceparent: str | None = None


class Replica:
    """One replica's view of the queue. `hold` lets its jobs wait until it is set."""

    def __init__(self, jobs, collection, seen):
        self.jobs, self.collection, self.seen = jobs, collection, seen
        self.hold = asyncio.Event()
        self.hold.set()
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()

    async def shops_with_work(self):
        return await self.collection.distinct("shop_key", {"finished": False})

    async def next_for(self, shop_key):
        found = await self.jobs.next_for(shop_key)
        return found and Job(found["_id"], shop_key)

    async def advance(self, job, lease):
        self.begun.set()
        try:
            await self.hold.wait()
            await self.jobs.write(job.id, {"finished": True, "state": "done"}, lease.token)
        finally:
            self.ended.set()
        self.seen.append(job.id)
        return True


@contextlib.asynccontextmanager
async def working(database, replica, *, lease=timedelta(seconds=30)):
    options = WorkerOptions(lease, timedelta(milliseconds=50), 9)
    leases = Leases(database, "ingestor")
    task = asyncio.create_task(ShopWorker("import", replica, leases, options).run())
    try:
        yield leases
    finally:
        await stop(task)


async def test_two_replicas_carry_out_every_job_once(jobs, collection, mongo_client, mongo_database):
    database = mongo_client[mongo_database]
    seen: list[str] = []
    for number in range(12):
        await jobs.add(f"j{number:02}", a_job(number, f"shop{number % 3}"))
    replicas = [Replica(jobs, collection, seen) for _ in range(2)]
    async with working(database, replicas[0]), working(database, replicas[1]):
        await eventually(lambda: len(seen) >= 12)
    assert sorted(seen) == [f"j{number:02}" for number in range(12)]
    for shop in range(3):
        mine = [name for name in seen if int(name[1:]) % 3 == shop]
        assert mine == sorted(mine), "in the order of their requests"


async def test_who_hangs_is_taken_over_and_writes_no_more(jobs, collection, mongo_client, mongo_database, monkeypatch):
    database = mongo_client[mongo_database]
    hanging_seen: list[str] = []
    seen: list[str] = []
    await jobs.add("j1", a_job())
    hanging, other = Replica(jobs, collection, hanging_seen), Replica(jobs, collection, seen)
    hanging.hold.clear()
    async with working(database, hanging, lease=timedelta(milliseconds=300)) as leases:
        monkeypatch.setattr(leases, "_renew", lambda *_: asyncio.sleep(0))
        await hanging.begun.wait()
        async with working(database, other):
            await eventually(lambda: seen == ["j1"])
        hanging.hold.set()
        await eventually(hanging.ended.is_set, what="the end of its attempt")
    assert hanging_seen == []
    assert (await collection.find_one({"_id": "j1"}))["token"] == 2


async def test_a_worker_that_is_stopped_leaves_its_job_to_the_next_one(jobs, collection, mongo_client, mongo_database):
    database = mongo_client[mongo_database]
    seen: list[str] = []
    await jobs.add("j1", a_job())
    stopped = Replica(jobs, collection, seen)
    stopped.hold.clear()
    async with working(database, stopped):
        await stopped.begun.wait()
    assert seen == []
    async with working(database, Replica(jobs, collection, seen)):
        await eventually(lambda: seen == ["j1"], timeout=10)  # the lease was given back, it need not run out
