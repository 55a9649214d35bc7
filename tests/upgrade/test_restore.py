"""A database is restored, or lost, while Kafka and TikTok Shop have gone on: nothing is listed twice (docs/backup.md).

The sandbox's TikTok Shop counts creates and stock writes per SKU.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from mongo_copies import DriverCopy, DumpCopy, has_tools

from shopsync_cli.kafka.group_offsets import members
from shopsync_contracts.access import group_named
from shopsync_contracts.events import (
    ImportCompleted,
    ImportRequested,
    ProductEdited,
    PushPauseSet,
    SyncCompleted,
    SyncRequested,
)
from shopsync_contracts.topics import LISTING_EVENTS, TOOL_EDITS
from shopsync_rehearsals.demo.checks import findings
from shopsync_rehearsals.demo.facts import gather
from shopsync_rehearsals.demo.stack import SHOP, Plan
from shopsync_rehearsals.demo.story import SETTLED
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import clean_environment

pytestmark = pytest.mark.upgrade

PLAN = Plan(products=60, seed=11)


class Installation:
    """A running system, and what an operator does with it."""

    def __init__(self, run, client):
        self.run, self.client = run, client
        self.services = run.stack.services
        self.name = run.stack.installation.database

    @property
    def database(self):
        return self.client[self.name]

    async def shopsync(self, *words):
        command = Path(sys.executable).with_name("shopsync")
        process = await asyncio.create_subprocess_exec(
            command, *words, env={**clean_environment(), **self.run.stack.environment},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        told, wrong = await process.communicate()
        assert process.returncode == 0, wrong.decode() + told.decode()
        return told.decode()

    async def sync(self, numbers=None):
        """Sends these products, or all that are ON, and waits until each has an answer."""
        follower = self.run.follower
        before = follower.pushes.total()
        body = SyncRequested(
            shop_key=SHOP, reason="manual", product_nos=None if numbers is None else tuple(sorted(numbers))
        )
        [request] = await self.run.bus.publish([body])
        report = await follower.until(lambda: follower.report(SyncCompleted, request), seconds=120, what="the report")
        await follower.until(
            lambda: follower.pushes.total() - before >= report.counts.commanded, seconds=120, what="an answer to each"
        )

    async def reviewed(self, numbers):
        """Waits until TikTok's verdict on these products is in the catalogue."""
        snapshots = self.run.follower.snapshots

        def settled():
            return all(snapshots[f"{SHOP}/{number}"].status in SETTLED - {"incomplete"} for number in numbers)

        await self.run.follower.until(settled, seconds=120, what="all reviews")

    async def stop(self, *names):
        await asyncio.gather(*(self.services[name].terminate() for name in names or self.services))

    async def start(self, *names):
        await asyncio.gather(*(self.services[name].start() for name in names))

    async def caught_up(self):
        async def no_lag():
            prefix = self.run.stack.installation.topic_prefix
            lines = (await self.shopsync("lag", "--group", f"{prefix}.catalog")).splitlines()
            groups = [line.split() for line in lines if line.startswith(f"{prefix}.")]
            return all(line[3] == "0" for line in groups[:4])

        await eventually(no_lag, timeout=120, interval=1, what="a catalogue that has caught up")

    async def findings(self, expected):
        facts = await gather(
            self.run.stack, self.run.follower, products=PLAN.products, expected=expected, deleted_upstream=frozenset()
        )
        return findings(facts)


@pytest.fixture
async def installation(run_system, mongo_client):
    run = await run_system(PLAN)
    await run.story.open_shop()
    await run.story.import_products()
    await run.story.complete_and_switch_on()
    return Installation(run, mongo_client)


def halves(installation):
    story = installation.run.story
    expected = story.choice.complete_and_on - story.beyond_tiktok
    numbers = sorted(expected)
    return expected, numbers[::2], numbers[1::2]


async def kept_values(installation):
    """What a merchant sees of each product: everything but versions, times and where a push stands."""
    fields = {"content": 1, "sync_enabled": 1, "edited_fields": 1, "skus": 1, "tiktok_product_id": 1}
    return {one.pop("_id"): one async for one in installation.database["products"].find({}, fields)}


@pytest.mark.parametrize("how", ["driver", "mongodump"])
async def test_after_a_restore_nothing_is_listed_twice_and_no_stock_goes_twice(installation, mongo_uri, tmp_path, how):
    if how == "mongodump" and not has_tools():
        pytest.skip("mongodump and mongorestore are not installed, and their Go module is not to be had")
    expected, before, since = halves(installation)
    await installation.sync(before)
    copy = DriverCopy() if how == "driver" else DumpCopy(tmp_path / "dump", mongo_uri)
    moment = datetime.now(UTC)
    await copy.take(installation.client, installation.name)

    # The world goes on: half of the listings are made, a merchant edits, an operator pauses another shop.
    await installation.sync(since)
    edit = {
        "shop_key": SHOP,
        "product_no": before[0],
        "edited_at": datetime.now(UTC),
        "changes": {"package_weight_g": 777},
    }
    pause = PushPauseSet(shop_key="elsewhere", paused=True, reason="since the backup")
    await installation.run.bus.publish([ProductEdited.model_validate(edit, strict=False), pause])
    heavier = {"_id": f"{SHOP}/{before[0]}", "content.package_weight_g": 777}
    await eventually(lambda: installation.database["products"].find_one(heavier), what="the edit")
    await eventually(lambda: installation.database["push_pauses"].find_one({"_id": "elsewhere"}), what="the pause")
    await installation.reviewed(expected - {before[0]})
    lost = await kept_values(installation)

    await installation.stop()
    await copy.restore(installation.client, installation.name)
    assert await installation.database["listings"].count_documents({"tiktok_product_id": {"$exists": True}}) == len(
        before
    )
    told = await installation.shopsync("mongo", "restored", "--backup-of", moment.isoformat())
    assert "catalog.products" in told
    await installation.start("ingestor", "catalog")
    await installation.caught_up()
    assert await kept_values(installation) == lost
    await installation.start("publisher", "janitor")
    await eventually(
        lambda: installation.database["push_pauses"].find_one({"_id": "elsewhere"}), what="the pause again"
    )

    await installation.sync()
    await installation.reviewed(expected)
    assert await installation.findings(expected) == []
    assert await installation.database["listings"].count_documents({"tiktok_product_id": {"$exists": True}}) == len(
        expected
    )
    assert "0 fail" in await installation.shopsync(
        "doctor", "--only", "restored", "--only", "versions", "--only", "groups"
    )


async def test_without_any_database_kafka_and_an_import_bring_the_products_back(installation):
    expected, before, _ = halves(installation)
    await installation.sync(before)
    await installation.reviewed(before)
    lost = await kept_values(installation)

    await installation.stop()
    await installation.client.drop_database(installation.name)
    await installation.shopsync("mongo", "restored", "--backup-of", "2000-01-01")
    await move(installation, "latest")
    await installation.start("ingestor", "catalog")
    [request] = await installation.run.bus.publish([ImportRequested(shop_key=SHOP, mode="changed_only")])
    follower = installation.run.follower
    await follower.until(lambda: follower.report(ImportCompleted, request), seconds=120, what="the import")
    await installation.caught_up()
    await installation.stop("catalog")
    await move(installation, "earliest")
    await installation.start("catalog")
    await installation.caught_up()

    kept = await kept_values(installation)
    assert kept.keys() == lost.keys()
    for number, one in lost.items():
        assert kept[number]["sync_enabled"] == one["sync_enabled"]
        assert kept[number]["tiktok_product_id"] == one["tiktok_product_id"]
        for name in ("category_id", "brand_id", "package_weight_g", "package_dimensions_cm", "attributes"):
            assert kept[number]["content"][name] == one["content"][name]

    await installation.start("publisher", "janitor")
    await installation.run.story._authorise()
    await installation.sync()
    await installation.reviewed(expected)
    assert await installation.findings(expected) == []


async def move(installation, where):
    """As `kafka-consumer-groups.sh --reset-offsets` does with the group catalog.products, once it is empty."""
    place = installation.run.stack.installation
    group = group_named("catalog", "products").full_name(place.topic_prefix)
    admin = AIOKafkaAdminClient(bootstrap_servers=place.kafka_bootstrap)
    await admin.start()

    async def is_empty():
        return (await members(admin, group)).count == 0

    try:
        await eventually(is_empty, timeout=60, interval=0.5, what="a group without members")
    finally:
        await admin.close()
    async with AIOKafkaConsumer(
        bootstrap_servers=place.kafka_bootstrap, group_id=group, enable_auto_commit=False
    ) as consumer:
        parts = [
            TopicPartition(spec.full_name(place.topic_prefix), number)
            for spec in (TOOL_EDITS, LISTING_EVENTS)
            for number in range(spec.partitions)
        ]
        consumer.assign(parts)
        asked = consumer.end_offsets if where == "latest" else consumer.beginning_offsets
        await consumer.commit(await asked(parts))
