"""The newest record of a product on the snapshot topic is its state, whoever wrote what last. Real processes."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shopsync_contracts.events import ProductSnapshot
from shopsync_contracts.topics import CATALOG_PRODUCTS, DEAD_LETTERS
from shopsync_runtime import consumer_group
from shopsync_runtime.kafka.barrier import lag_barrier
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_testkit.pytest_plugin import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

_FREEZES_THEN_DIES = "catalog_after_write_before_publish:2:stop,catalog_after_publish:2"


def is_frozen(process):
    return Path(f"/proc/{process.child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.reliability(11)
@pytest.mark.needs_kafka("session-expiry")
@pytest.mark.parametrize("newest", ["an update", "a deletion"])
async def test_a_frozen_replica_that_wakes_publishes_and_dies_does_not_have_the_last_word(
    new_world, new_process, new_story, newest
):
    """It has written version 2. Another takes its partitions and goes on; then the first publishes its version 2."""
    story, now = new_story(), datetime.now(UTC)
    frozen = new_process("frozen", SHOPSYNC_FAILPOINT=_FREEZES_THEN_DIES, SHOPSYNC_KAFKA_SESSION_TIMEOUT="3s")
    async with new_world(frozen) as world:

        def shows(*versions):
            async def check():
                shown = await world.shown("A-1")
                return shown if shown[-len(versions) :] == list(versions) else None

            return check

        await frozen.start()
        await world.send(story.change(0).model_copy(update={"observed_at": now - timedelta(minutes=10)}))
        await eventually(shows(1))
        await world.send(story.edit(1, category_id="1").model_copy(update={"edited_at": now - timedelta(minutes=9)}))

        async def stands_still():
            return is_frozen(frozen)

        await eventually(stands_still)
        async with new_process("other"):
            await eventually(shows(2))
            if newest == "an update":
                await world.send(story.edit(2, brand_id="2").model_copy(update={"edited_at": now}))
                last = 3
            else:
                removal = story.removal(0)
                proof = {"started_at": now - timedelta(minutes=2), "completed_at": now - timedelta(minutes=1)}
                proven = removal.enumeration.model_copy(update=proof)
                await world.send(removal.model_copy(update={"enumeration": proven}))
                await eventually(shows(3))
                await world.send(story.deletion())
                last = None
            await eventually(shows(last))
            os.kill(frozen.child.pid, signal.SIGCONT)
            assert await frozen.exited(120) == -signal.SIGKILL
            await eventually(shows(last, 2, last))
        stored = await world.product("A-1")
        assert (stored and stored["version"]) == last


async def test_what_anybody_else_writes_to_the_topic_is_put_right(world, new_story):
    """Also with nobody editing the product afterwards; what the database has no trace of is left alone.

    Who orders by version takes what is published again, also where the topic had a higher one, as after a restore.
    """
    for number in range(3):
        await world.send(new_story(product_no=f"P-{number}").change(0))

    async def published():
        return [await world.shown(f"P-{number}") for number in range(3)] == [[1], [1], [1]]

    await eventually(published)
    await world.put(b"demo/P-0", b"this is no snapshot")
    await world.put(b"demo/P-1", None)
    stray = ProductSnapshot.from_document(await world.product("P-2")).model_copy(update={"version": 9})
    await world.put(b"demo/P-2", b'{"data":' + stray.model_dump_json().encode() + b"}")
    nobodys = b'{"data":{"shop_key":"demo","product_no":"P-9","version":1}}'
    await world.put(b"demo/P-9", nobodys)
    await world.put(b"\xff\xfe", b"\xff")

    async def put_right():
        return [await world.shown(f"P-{number}") for number in range(3)] == [[1, "?", 1], [1, None, 1], [1, 9, 10]]

    await eventually(put_right)
    group = consumer_group(world.prefix, "catalog", "snapshot-check")
    barrier = await lag_barrier(KafkaConnection(world.bootstrap), group, [CATALOG_PRODUCTS.full_name(world.prefix)])
    await eventually(barrier.passed)
    assert await world.shown("P-9") == [1]
    assert await world.records(DEAD_LETTERS) == []
    assert await world.process.terminate() == 0


async def test_what_went_wrong_while_no_check_was_running_is_put_right_at_the_start(new_world, new_process, new_story):
    """The topic as an earlier release may have left it: read from its beginning once."""
    process = new_process()
    async with new_world(process) as world:
        async with process:
            await world.send(new_story().change(0))

            async def published():
                return await world.shown("A-1") == [1]

            await eventually(published)
        await world.put(b"demo/A-1", None)
        async with process:

            async def put_right():
                return await world.shown("A-1") == [1, None, 1]

            await eventually(put_right)
