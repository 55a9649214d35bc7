"""One request per interval and shop, by all replicas together, over a crash and over a take-over."""

import asyncio
import time
from datetime import datetime
from itertools import pairwise

import pytest

from ingestor.futureshop.pace import Pace, SharedTurns
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess

INTERVAL = 5.0
"""Longer than a lease and than a start of the service: a successor that knew nothing would call too early."""
LEAST = 0.9 * INTERVAL
"""Between arrivals: a busy machine may deliver the first of two calls late."""


async def test_replicas_stand_in_one_line(world):
    moments = []

    async def replica():
        pace = Pace("demo", 0.1, SharedTurns(world.database))
        for _ in range(5):
            await pace.turn()
            moments.append(time.time())

    began = time.time()
    async with asyncio.timeout(120):
        await asyncio.gather(*(replica() for _ in range(3)))
    # Places are an interval apart, and no call comes before its place; a busy machine only makes it later. MongoDB
    # counts in milliseconds.
    for place, moment in enumerate(sorted(moments)):
        assert moment >= began + place * 0.1 - 0.002
    stored = await world.database["ingestor_leases"].find_one({"_id": "pace:demo"})
    assert isinstance(stored["next_at"], datetime)


async def test_shops_do_not_wait_for_each_other(world):
    turns = SharedTurns(world.database)
    assert [await turns.take(shop_key, 60.0) for shop_key in ("demo", "other")] == [0.0, 0.0]
    assert await turns.take("demo", 60.0) == pytest.approx(60.0, abs=5)


@pytest.mark.parametrize("successor", ["restart", "take-over"])
async def test_the_pace_holds_over_kill_9(world, tmp_path, successor):
    """A call that comes too early is answered 429 by the sandbox, and none is."""
    world.sandbox.access.allow(1 / LEAST)
    world.settings |= {"requests_per_second": 1 / INTERVAL, "attempts": 1}
    environment = world.environment()
    first = ServiceProcess("ingestor", env=world.doomed("import_page_published"), folder=tmp_path, name="first")
    name = environment["SHOPSYNC_INSTANCE_ID"] if successor == "restart" else "replica-1"
    second = ServiceProcess("ingestor", env={**environment, "SHOPSYNC_INSTANCE_ID": name}, folder=tmp_path)
    try:
        await first.start()
        await world.command("enumerate", event_id="c1", shop_key="other")
        if successor == "take-over":
            await eventually(lambda: _called(world), what="the first call")
            await second.start()
        assert await first.exited(120) == -9
        if successor == "restart":
            await second.start()
        report = await world.report("c1")
    finally:
        for process in (first, second):
            if process.running:
                await process.terminate()
    assert report.TYPE == "import.completed"
    entries = world.sandbox.journal.entries()
    assert [entry.kind for entry in entries] == ["token", "products", "token", "products"]
    assert {entry.status for entry in entries} == {200}
    moments = [datetime.fromisoformat(entry.at).timestamp() for entry in entries]
    assert min(later - earlier for earlier, later in pairwise(moments)) >= LEAST


async def _called(world):
    assert world.sandbox.journal.entries()
    return True
