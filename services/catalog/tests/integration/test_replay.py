"""All topics of the catalog are read again from their beginning, on the database as it is. Real broker and database."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shopsync_contracts.events import (
    DeleteRequested,
    EditChanges,
    ProductsBulkEdited,
    PushFailed,
    PushSkipped,
    PushSucceeded,
    ReviewChanged,
    ShopSettingsChanged,
    SkuSent,
    SyncRequested,
    TaxDefaults,
)
from shopsync_contracts.topics import (
    CATALOG_PRODUCTS,
    DEAD_LETTERS,
    DELETE_COMMANDS,
    LISTING_EVENTS,
    PRODUCT_CHANGES,
    PUSH_COMMANDS,
    REPORTS,
    SHOP_SETTINGS,
    SYNC_COMMANDS,
    TOOL_EDITS,
)
from shopsync_runtime import consumer_group
from shopsync_runtime.kafka.barrier import lag_barrier
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_testkit.pytest_plugin import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

GROUPS = {
    "products": (PRODUCT_CHANGES, TOOL_EDITS, LISTING_EVENTS, DELETE_COMMANDS),
    "settings": (SHOP_SETTINGS,),
    "syncs": (SYNC_COMMANDS,),
    "snapshot-check": (CATALOG_PRODUCTS,),
}
PRODUCTS = 6


class History:
    """Months of a few products: imported, edited in vain and with effect, sent, reviewed, deleted, registered again."""

    def __init__(self, world, new_story, seed):
        self.world, self.now = world, datetime.now(UTC)
        self.random = random.Random(seed)  # noqa: S311 - a history, not a secret
        self.stories = [new_story(product_no=f"P-{number}") for number in range(PRODUCTS)]

    def ago(self, minutes):
        return self.now - timedelta(minutes=minutes)

    async def caught_up(self):
        await asyncio.gather(*(self.passed(name) for name in ("products", "settings", "syncs")))
        await self.passed("snapshot-check")  # what the others have published belongs to it

        async def nothing_held():
            return await self.world.database["held_messages"].count_documents({}) == 0

        await eventually(nothing_held)

    async def passed(self, name):
        group = consumer_group(self.world.prefix, "catalog", name)
        topics = [spec.full_name(self.world.prefix) for spec in GROUPS[name]]
        barrier = await lag_barrier(KafkaConnection(self.world.bootstrap), group, topics)
        await eventually(barrier.passed, interval=0.1)  # each look is a connection

    async def phase(self, *bodies):
        """Each body once or twice, in any order of topics; then all is applied."""
        sent = [body for body in bodies for _ in range(self.random.choice([1, 1, 2]))]
        self.random.shuffle(sent)
        handed_in = [await self.world.hand_in(body, time=time) for body, time in sent]
        await asyncio.gather(*(arrival for _, arrival in handed_in))
        await self.caught_up()

    def changes(self, minutes):
        for story in self.stories:
            change = story.change(0, stock=self.random.randint(0, 9))
            product = change.product.model_copy(update={"updated_at": self.ago(minutes)})
            yield change.model_copy(update={"observed_at": self.ago(minutes), "product": product}), None

    def edits(self, minutes):
        for story in self.stories:
            for changes in ({"name": "甲"}, {"category_id": "1", "brand_id": "2", "package_weight_g": 300}):
                edit = story.edit(0, **changes)
                yield edit.model_copy(update={"edited_at": self.ago(minutes + self.random.randint(-2, 2))}), None
            yield story.target(self.random.random() < 0.7), self.ago(minutes)
        numbers = tuple(story.product_no for story in self.stories)
        size = EditChanges.model_validate({"package_dimensions_cm": {"length": 1, "width": 2, "height": 3}})
        yield (
            ProductsBulkEdited(
                shop_key="demo", edited_at=self.ago(minutes), product_nos=numbers, changes=size, sync_enabled=True
            ),
            self.ago(minutes - 1),
        )

    def settings(self):
        for included in self.random.sample([True, False], 2):
            tax = TaxDefaults(included=included, rate_percent=10, rounding="down")
            yield ShopSettingsChanged(shop_key="demo", tax=tax), None

    def listing(self):
        for story in self.stories:
            whose: dict[str, Any] = {"shop_key": "demo", "product_no": story.product_no}
            sku = SkuSent(vertical_no="", horizontal_no="", tiktok_sku_id="S", stock_sent=3)
            pushed: dict[str, Any] = {"tiktok_product_id": f"T-{story.product_no}", "skus": (sku,)}
            version = self.random.randint(1, 4)
            pushed["content_version"] = version
            yield PushSucceeded(**whose, **pushed, action="created", review="in_review"), None
            yield PushSucceeded(**whose, **pushed, action="unchanged", review="live"), None
            yield PushFailed(**whose, content_version=version, status="sync_error", code="1", message="no"), None
            yield PushSkipped(**whose, why=self.random.choice(["not_authorized", "sync_disabled"])), None
            yield (
                ReviewChanged(
                    **whose,
                    tiktok_product_id=f"T-{story.product_no}",
                    review=self.random.choice(["approved", "rejected", "deactivated"]),
                    occurred_at=self.ago(self.random.randint(1, 50)),
                ),
                None,
            )

    def removals(self, minutes):
        for story in self.stories[: PRODUCTS // 2]:
            removal = story.removal(0)
            proof = {"started_at": self.ago(minutes + 1), "completed_at": self.ago(minutes)}
            yield (
                removal.model_copy(update={"enumeration": removal.enumeration.model_copy(update=proof)}),
                None,
            )

    def off(self, minutes):
        for story in self.stories[: PRODUCTS // 2 - 1]:  # one is ON: its command is not obeyed
            yield story.target(False), self.ago(minutes)

    def deletions(self):
        for story in self.stories[: PRODUCTS // 2]:
            yield story.deletion(completed=0), None

    async def live(self):
        await self.phase(*self.settings())
        await self.phase(*self.changes(60))
        await self.phase(*self.edits(50))
        await self.phase((SyncRequested(shop_key="demo", reason="manual"), None))
        await self.phase(*self.listing())
        await self.phase(*self.removals(40), *self.off(39))
        await self.phase(*self.deletions())
        self.now = datetime.now(UTC)
        if self.random.random() < 0.7:
            await self.phase(*self.changes(0))
            await self.phase(*self.edits(0))
        await self.phase(*self.settings(), (self.stories[PRODUCTS // 2 - 1].target(False), self.ago(-3)))


async def everything(world):
    """The database, what was asked of others, and the last record of each product."""
    stored = {
        name: await world.database[name].find().sort("_id", 1).to_list()
        for name in ("products", "tombstones", "shops", "done_requests", "held_messages")
    }
    told = {
        spec.name: sorted((one.key, one.value) for one in await read_whole(world, spec))
        for spec in (PUSH_COMMANDS, REPORTS, DEAD_LETTERS)
    }
    last = {record.key: record.value for record in await read_whole(world, CATALOG_PRODUCTS)}
    return stored, told, last


async def read_whole(world, spec):
    """All records of a topic up to its present end."""
    parts = [TopicPartition(spec.full_name(world.prefix), number) for number in range(spec.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=world.bootstrap)
    await consumer.start()
    try:
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        ends, records = await consumer.end_offsets(parts), []
        while any([await consumer.position(part) < ends[part] for part in parts]):
            for some in (await consumer.getmany(timeout_ms=200)).values():
                records += some
    finally:
        await consumer.stop()
    return records


async def read_again(world, since):
    """What `kafka-consumer-groups --reset-offsets` does, while no member is there."""
    for name, specs in GROUPS.items():
        group = consumer_group(world.prefix, "catalog", name)
        consumer = AIOKafkaConsumer(bootstrap_servers=world.bootstrap, group_id=group, enable_auto_commit=False)
        await consumer.start()
        try:
            parts = [
                TopicPartition(spec.full_name(world.prefix), number)
                for spec in specs
                for number in range(spec.partitions)
            ]
            consumer.assign(parts)
            ends = await consumer.end_offsets(parts)
            await consumer.commit({part: min(since(part), ends[part]) for part in parts})
        finally:
            await consumer.stop()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_im7_reading_every_topic_again_changes_nothing(new_world, new_process, new_story, seed):
    process = new_process()
    async with new_world(process) as world:
        history = History(world, new_story, seed)
        async with process:
            await history.live()
        before = await everything(world)
        assert before[0]["tombstones"] or len(before[0]["products"]) == PRODUCTS
        assert before[1][PUSH_COMMANDS.name]
        for since in (lambda _: 0, lambda _: history.random.randint(0, 9)):
            await read_again(world, since)
            async with process:
                await history.caught_up()
            for found, expected in zip(await everything(world), before, strict=True):
                assert found == expected


def test_the_history_has_every_kind_of_message():
    """Of those that the catalog takes: a new one has to be added here."""
    taken = {body for specs in GROUPS.values() for spec in specs for body in spec.types}
    assert {DeleteRequested, PushSkipped, ProductsBulkEdited, SyncRequested, ShopSettingsChanged} <= taken
    assert len(taken) == 13
