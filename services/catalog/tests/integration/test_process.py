"""The service as a process: real broker, real database, messages as another system would send them."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from shopsync_contracts import parse
from shopsync_contracts.events import ProductSnapshot, ShopSettingsChanged, SyncRequested
from shopsync_contracts.topics import CATALOG_PRODUCTS, DEAD_LETTERS, PUSH_COMMANDS, REPORTS
from shopsync_testkit.pytest_plugin import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


async def test_import_edit_sync_push_and_delete(world, new_story):
    """The whole life of a product, from first import to the null snapshot."""
    now = datetime.now(UTC)
    story = new_story(product_no="A-100")

    def ago(minutes):
        return now - timedelta(minutes=minutes)

    await world.send(ShopSettingsChanged(shop_key="demo"))
    # The edit is sent first: it waits for its product, which comes on another topic.
    edit = story.edit(
        0,
        category_id="1",
        brand_id="2",
        package_weight_g=300,
        package_dimensions_cm={"length": 1, "width": 2, "height": 3},
    )
    await world.send(edit.model_copy(update={"edited_at": ago(5)}))
    await world.send(story.change(0).model_copy(update={"observed_at": ago(10)}))
    await world.send(story.target(True))
    request = await world.send(SyncRequested(shop_key="demo", reason="manual"))

    async def commanded():
        return await world.records(PUSH_COMMANDS)

    [command] = await eventually(commanded)
    assert parse(command.value).data.sync_id == request.id

    async def reported():
        return [parse(one.value).data for one in await world.records(REPORTS)]

    [report] = await eventually(reported)
    assert (report.counts.requested, report.counts.commanded, report.refused_because) == (1, 1, None)

    await world.send(story.target(False))
    removal = story.removal(0)
    proof = removal.enumeration.model_copy(update={"started_at": ago(2), "completed_at": ago(1)})
    await world.send(removal.model_copy(update={"enumeration": proof}))

    async def removed_and_off():
        found = await world.product("A-100")
        return found["removed_upstream"] and not found["sync_enabled"]

    await eventually(removed_and_off)
    await world.send(story.deletion())

    async def gone():
        records = await world.records(CATALOG_PRODUCTS)
        return records and records[-1].value is None and records

    records = await eventually(gone)
    assert await world.product("A-100") is None
    assert await world.database["tombstones"].find_one({"_id": "demo/A-100"}) is not None
    versions = [parse(one.value).data.version for one in records[:-1]]
    assert versions == sorted(versions)
    assert await world.process.terminate() == 0


async def test_bad_messages_are_dead_letters_and_the_rest_goes_on(world, new_story):
    await world.send(new_story(product_no="nowhere").edit(0, name="x"))
    ahead = new_story(product_no="ahead").change(0)
    await world.send(ahead.model_copy(update={"observed_at": datetime.now(UTC) + timedelta(hours=1)}))
    await world.send(new_story(product_no="good").change(0))
    await world.send(SyncRequested(shop_key="nobody"))

    async def two_letters():
        found = {
            dict(one.headers)["x-error-type"].decode(): dict(one.headers)["x-error"].decode()
            for one in await world.records(DEAD_LETTERS)
        }
        return found if len(found) == 2 else None

    letters = await eventually(two_letters)
    assert "demo/nowhere" in letters["UnknownProduct"]
    assert letters["StampFromFuture"].startswith("observed_at")

    async def refused():
        return [json.loads(one.value)["data"] for one in await world.records(REPORTS)]

    [report] = await eventually(refused)
    assert "'nobody'" in report["refused_because"]
    document = await world.product("good")
    assert ProductSnapshot.from_document(document).status == "incomplete"


@pytest.mark.reliability(2)
async def test_rt2_killed_between_write_and_publish(new_world, new_process, new_story):
    """The document is there, its snapshot is not: the redelivery publishes it and writes nothing."""
    doomed = new_process("doomed", SHOPSYNC_INSTANCE_ID="one", SHOPSYNC_FAILPOINT="catalog_after_write_before_publish")
    async with new_world(doomed) as world:
        await doomed.start()
        await world.send(new_story().change(0))
        assert await doomed.exited() == -9
        written = await world.product("A-1")
        assert written is not None
        assert await world.records(CATALOG_PRODUCTS) == []
        async with new_process("healed", SHOPSYNC_INSTANCE_ID="one"):

            async def published():
                return await world.records(CATALOG_PRODUCTS)

            [record] = await eventually(published)
        assert record.key == b"demo/A-1"
        assert await world.product("A-1") == written


@pytest.mark.reliability(25)
@pytest.mark.needs_kafka("session-expiry")
async def test_rt25_replicas_that_come_and_go_lose_nothing(world, new_process, new_story):
    """Rebalances in mid-batch and a SIGKILL, while products are imported and edited."""
    stories = [new_story(product_no=f"P-{number}") for number in range(240)]
    second = new_process("second")
    for number, story in enumerate(stories):
        await world.send(story.change(0))
        await world.send(story.edit(1, category_id=f"c{number}"))
        if number == 60:
            await second.start(wait=False)
        if number == 150:
            await world.process.kill()
    try:

        async def all_merged():
            done = {"content.category_id": {"$ne": None}}
            return await world.database["products"].count_documents(done) == len(stories)

        await eventually(all_merged, interval=0.2)
    finally:
        await second.terminate()

    async def newest():
        return {record.key: record for record in await world.records(CATALOG_PRODUCTS)}

    async def feed_is_complete():
        return len(await newest()) == len(stories)

    await eventually(feed_is_complete)
    feed = await newest()
    async for document in world.database["products"].find():
        snapshot = parse(feed[document["_id"].encode()].value).data
        assert snapshot == ProductSnapshot.from_document(document)
        assert snapshot.content.category_id == f"c{document['product_no'][2:]}"
    assert await world.records(DEAD_LETTERS) == []
