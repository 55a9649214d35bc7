"""The service as a process: real broker, real database, messages as another system would send them."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shopsync_contracts import TOPICS, new_event, parse, topic_of
from shopsync_contracts.events import ProductSnapshot, ShopSettingsChanged, SyncRequested
from shopsync_contracts.topics import CATALOG_PRODUCTS, DEAD_LETTERS, PUSH_COMMANDS, REPORTS
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_sandbox.testing import ServiceProcess, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


class World:
    """What a test of the process sends and sees."""

    def __init__(self, bootstrap, prefix, process, database):
        self.bootstrap, self.prefix, self.process, self.database = bootstrap, prefix, process, database
        self.seen = {}

    async def __aenter__(self):
        self.producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all")
        await self.producer.start()
        watched = (CATALOG_PRODUCTS, PUSH_COMMANDS, REPORTS, DEAD_LETTERS)
        self.consumer = AIOKafkaConsumer(
            *(spec.full_name(self.prefix) for spec in watched),
            bootstrap_servers=self.bootstrap,
            auto_offset_reset="earliest",
        )
        await self.consumer.start()
        return self

    async def __aexit__(self, *_):
        await self.consumer.stop()
        await self.producer.stop()

    async def send(self, body, *, time=None):
        spec = topic_of(type(body))
        event = new_event(body, source="/tests", id=str(uuid.uuid4()), time=time or datetime.now(UTC))
        await self.producer.send_and_wait(spec.full_name(self.prefix), event.to_bytes(), key=event.key())
        return event

    async def records(self, spec):
        for partition, records in (await self.consumer.getmany(timeout_ms=100)).items():
            self.seen.setdefault(partition.topic, []).extend(records)
        return self.seen.get(spec.full_name(self.prefix), [])

    async def product(self, product_no):
        return await self.database["products"].find_one({"_id": f"demo/{product_no}"})


@pytest.fixture
async def world(kafka_bootstrap, topic_prefix, mongo_uri, mongo_client, mongo_database, tmp_path):
    await apply_topics(kafka_bootstrap, topic_prefix, TOPICS)
    process = ServiceProcess(
        "catalog",
        env={
            "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
            "SHOPSYNC_MONGO_URI": mongo_uri,
            "SHOPSYNC_MONGO_DATABASE": mongo_database,
            "SHOPSYNC_TOPIC_PREFIX": topic_prefix,
            "CATALOG_SETTINGS_GRACE": "1s",
            "CATALOG_HELD_CHECK_INTERVAL": "200ms",
        },
        folder=tmp_path,
    )
    async with process, World(kafka_bootstrap, topic_prefix, process, mongo_client[mongo_database]) as world:
        yield world


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

    [command] = await eventually(commanded, timeout=60)
    assert parse(command.value).data.sync_id == request.id

    async def reported():
        return [parse(one.value).data for one in await world.records(REPORTS)]

    [report] = await eventually(reported, timeout=30)
    assert (report.counts.requested, report.counts.commanded, report.refused_because) == (1, 1, None)

    await world.send(story.target(False))
    removal = story.removal(0)
    proof = removal.enumeration.model_copy(update={"started_at": ago(2), "completed_at": ago(1)})
    await world.send(removal.model_copy(update={"enumeration": proof}))

    async def removed_and_off():
        found = await world.product("A-100")
        return found["removed_upstream"] and not found["sync_enabled"]

    await eventually(removed_and_off, timeout=30)
    await world.send(story.deletion())

    async def gone():
        records = await world.records(CATALOG_PRODUCTS)
        return records and records[-1].value is None and records

    records = await eventually(gone, timeout=30)
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

    letters = await eventually(two_letters, timeout=60)
    assert "demo/nowhere" in letters["UnknownProduct"]
    assert letters["StampFromFuture"].startswith("observed_at")

    async def refused():
        return [json.loads(one.value)["data"] for one in await world.records(REPORTS)]

    [report] = await eventually(refused, timeout=30)
    assert "'nobody'" in report["refused_because"]
    document = await world.product("good")
    assert ProductSnapshot.from_document(document).status == "incomplete"


async def test_killed_in_mid_work_loses_nothing(world, new_story):
    """SIGKILL between batches' steps: after the restart every product and every snapshot is there."""
    stories = [new_story(product_no=f"P-{number}") for number in range(300)]
    for story in stories[:150]:
        await world.send(story.change(0))
    await world.process.kill()
    for story in stories[150:]:
        await world.send(story.change(0))
    await world.process.start()

    async def all_published():
        keys = {one.key for one in await world.records(CATALOG_PRODUCTS)}
        return len(keys) == 300

    await eventually(all_published, timeout=90)
    assert await world.database["products"].count_documents({"version": 1}) == 300
