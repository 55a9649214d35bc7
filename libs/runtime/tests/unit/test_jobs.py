"""The worker with a queue in memory: cancellations, failures, and how many shops at a time."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from shopsync_runtime import LeaseLost, RetryableError
from shopsync_runtime.jobs import ShopWorker, WorkerOptions, worker
from shopsync_runtime.leases import Lease
from shopsync_runtime.tracing import current_traceparent
from shopsync_testkit.polling import eventually


@dataclass
class Job:
    shop_key: str
    name: str
    traceparent: str | None = None


class FakeLeases:
    """Every lease is free."""

    def __init__(self):
        self.held = []

    @contextlib.asynccontextmanager
    async def hold(self, name, ttl):
        self.held.append(name)
        try:
            yield Lease(name, 1, float("inf"))
        finally:
            self.held.remove(name)


async def done(job, lease):
    return True


class Queue:
    """Jobs in memory. `advance` does what the test says, and takes the job out when that returns True."""

    def __init__(self, *jobs):
        self.jobs = list(jobs)
        self.looks = 0
        self.ran = []
        self.do: Callable[[Job, Lease], Awaitable[bool | None]] = done

    async def shops_with_work(self):
        self.looks += 1
        return list(dict.fromkeys(job.shop_key for job in self.jobs))

    async def next_for(self, shop_key):
        return next((job for job in self.jobs if job.shop_key == shop_key), None)

    async def advance(self, job, lease):
        goes_on = await self.do(job, lease)
        if goes_on:
            self.jobs.remove(job)
            self.ran.append(job.name)
        return goes_on


@contextlib.asynccontextmanager
async def working(queue, *, poll=0.02, shops_at_once=9, leases=None):
    options = WorkerOptions(timedelta(seconds=30), timedelta(seconds=poll), shops_at_once)
    lent: Any = leases or FakeLeases()
    made = ShopWorker("import", queue, lent, options)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=120)
        assert done, "one cancellation is enough"
        assert task.cancelled()


@pytest.fixture(autouse=True)
def no_waits(monkeypatch):
    monkeypatch.setattr(worker, "backoff_delay", lambda attempt: 0.001 * attempt)


async def test_a_shops_jobs_run_one_after_another_and_shops_side_by_side():
    queue = Queue(*(Job(shop, f"{shop}{n}") for n in range(3) for shop in ("a", "b")))
    running, at_once = [], []

    async def do(job, lease):
        running.append(job.shop_key)
        at_once.append(sorted(running))
        await asyncio.sleep(0.005)
        running.remove(job.shop_key)
        return True

    queue.do = do
    async with working(queue):
        await eventually(lambda: not queue.jobs)
    assert ["a", "b"] in at_once
    assert ["a", "a"] not in at_once
    assert [name for name in queue.ran if name[0] == "a"] == ["a0", "a1", "a2"]


async def test_no_more_shops_than_allowed_are_worked_on():
    queue = Queue(*(Job(shop, shop) for shop in "abcde"))
    leases, most = FakeLeases(), 0

    async def do(job, lease):
        nonlocal most
        most = max(most, len(leases.held))
        await asyncio.sleep(0.005)
        return True

    queue.do = do
    async with working(queue, shops_at_once=2, leases=leases):
        await eventually(lambda: not queue.jobs)
    assert most == 2
    assert leases.held == []


async def test_a_job_that_fails_is_taken_up_again_and_its_error_logged():
    queue, errors = Queue(Job("a", "a0")), [RetryableError("away"), ValueError("a bug")]

    async def do(job, lease):
        if errors:
            raise errors.pop(0)
        return True

    queue.do = do
    with capture_logs() as logs:
        async with working(queue):
            await eventually(lambda: queue.ran == ["a0"])
    assert [(line["event"], line["error"], line["exc_info"]) for line in logs] == [
        ("import interrupted", "RetryableError: away", False),
        ("import interrupted", "ValueError: a bug", True),
    ]


async def test_a_job_that_failed_holds_no_lease_during_its_back_off(monkeypatch):
    """Another replica may take the shop meanwhile."""
    monkeypatch.setattr(worker, "backoff_delay", lambda attempt: 3600)
    queue, leases, held_when_it_failed = Queue(Job("a", "a0")), FakeLeases(), []

    async def do(job, lease):
        held_when_it_failed.extend(leases.held)
        raise RetryableError("away")

    queue.do = do
    async with working(queue, leases=leases):
        await eventually(lambda: held_when_it_failed and not leases.held)
        looks = queue.looks
        await eventually(lambda: queue.looks > looks + 2)
        assert leases.held == []
    assert held_when_it_failed == ["import/a"], "tried once, with the lease"


async def test_a_lost_lease_ends_the_work_on_the_shop_without_a_back_off():
    queue, lost = Queue(Job("a", "a0")), [LeaseLost("taken over")]

    async def do(job, lease):
        if lost:
            raise lost.pop()
        return True

    queue.do = do
    with capture_logs() as logs:
        async with working(queue):
            await eventually(lambda: queue.ran == ["a0"])
    assert [line["event"] for line in logs] == ["import handed over"]


async def test_a_job_that_has_to_wait_frees_its_shop_until_the_next_poll():
    queue, tries = Queue(Job("a", "a0")), []
    leases = FakeLeases()

    async def do(job, lease):
        tries.append(list(leases.held))
        return len(tries) > 2

    queue.do = do
    async with working(queue, leases=leases):
        await eventually(lambda: queue.ran == ["a0"])
    assert tries == [["import/a"]] * 3


async def test_work_that_is_announced_does_not_wait_for_the_poll():
    queue = Queue()
    async with working(queue, poll=60) as made:
        await eventually(lambda: queue.looks == 1)
        queue.jobs.append(Job("a", "a0"))
        made.wake()
        await eventually(lambda: queue.ran == ["a0"])


async def test_events_of_a_job_belong_to_the_trace_of_its_request():
    queue, traces = Queue(Job("a", "a0", "trace-0"), Job("a", "a1")), []

    async def do(job, lease):
        traces.append(current_traceparent())
        return True

    queue.do = do
    async with working(queue):
        await eventually(lambda: not queue.jobs)
    assert traces == ["trace-0", None]


class Losing(Queue):
    """Loses one cancellation, as PyMongo does at the end of a write: see shopsync_runtime.cancelling."""

    has_lost = False

    async def lose_one(self):
        if not self.has_lost:
            try:
                await asyncio.sleep(0.3)
            except asyncio.CancelledError:
                self.has_lost = True


class TestCancellation:
    async def test_it_stops_the_jobs_too(self):
        queue, ended = Queue(Job("a", "a0")), []
        begun = asyncio.Event()

        async def do(job, lease):
            begun.set()
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(job.name)

        queue.do = do
        leases = FakeLeases()
        async with working(queue, leases=leases):
            await begun.wait()
        assert (ended, leases.held) == (["a0"], [])

    async def test_one_that_is_lost_in_the_look_for_work_ends_it_all_the_same(self):
        class Here(Losing):
            async def shops_with_work(self):
                self.looks += 1
                await self.lose_one()
                return ["a"]

        queue, leases = Here(Job("a", "a0")), FakeLeases()
        async with working(queue, leases=leases):
            await eventually(lambda: queue.looks == 1)
        assert (queue.looks, queue.has_lost, queue.ran, leases.held) == (1, True, [], [])

    async def test_one_that_is_lost_between_two_jobs_ends_the_shop(self):
        class Here(Losing):
            async def next_for(self, shop_key):
                waiting.set()
                await self.lose_one()
                return await super().next_for(shop_key)

        waiting = asyncio.Event()
        queue = Here(Job("a", "a0"), Job("a", "a1"))
        async with working(queue):
            await waiting.wait()
        assert (queue.has_lost, queue.ran) == (True, [])
