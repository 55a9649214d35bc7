"""The group "products" on a real MongoDB: batches, repeats, lost races, crashes between write and publish."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.errors import KafkaError
from msgspec.structs import replace
from structlog.testing import capture_logs

from catalog.rules.model import State
from catalog.store.products import Stored, prepare
from catalog.store.read_documents import read_product
from shopsync_contracts.events import (
    BulkEditCompleted,
    EditChanges,
    ProductEdited,
    ProductsBulkEdited,
    ProductSnapshot,
    SyncTargetSet,
)
from shopsync_contracts.topics import CATALOG_PRODUCTS, REPORTS, TOOL_EDITS


def now():
    return datetime.now(UTC)


@pytest.fixture
def changes(new_story, deliver):
    """Deliveries of first imports of so many products."""

    def make(count):
        return [deliver(new_story(product_no=f"P-{number:03}").change(0)) for number in range(count)]

    return make


async def test_a_batch_becomes_documents_and_snapshots(replica, database, changes):
    assert await replica.handler(changes(20)) == []
    assert await database["products"].count_documents({}) == 20
    assert {one.product_no for one in replica.events.snapshots()} == {f"P-{number:03}" for number in range(20)}


async def test_the_document_is_the_snapshot_and_the_layers(replica, database, ready, deliver):
    bodies = [message.event.data for message in ready.sent]
    await replica.handler(
        [deliver(body, time=message.event.time) for body, message in zip(bodies, ready.sent, strict=True)]
    )
    document = await database["products"].find_one({"_id": "demo/A-1"})
    assert ProductSnapshot.from_document(document) == replica.events.snapshots()[-1]
    assert read_product(document).record == ready.state.record


async def test_the_layers_survive_the_database(replica, database, ready, at_minute):
    ready.edited(3, name="ブラウス", attributes=[{"id": "1", "values": [{"name": "綿"}]}], stock=[{"quantity": 7}])
    ready.pushed(stock=7)
    ready.reviewed("rejected", 5)
    ready.removed(6)
    await replica.products.write([prepare("demo/A-1", Stored(State(), None), ready.state, "w")], "w")
    assert (await replica.products.load(["demo/A-1"]))["demo/A-1"].state == ready.state


async def test_several_messages_of_one_product_are_one_write_and_one_snapshot(replica, ready, deliver):
    batch = [deliver(message.event.data, time=message.event.time) for message in ready.sent]
    await replica.handler(batch)
    [snapshot] = replica.events.snapshots()
    assert (snapshot.version, snapshot.status, snapshot.sync_enabled) == (1, "pending", True)


@pytest.mark.reliability(2)
async def test_rt2_a_repeat_changes_nothing_and_publishes_the_current_snapshot_again(replica, database, changes):
    batch = changes(3)
    await replica.handler(batch)
    before = await database["products"].find().to_list()
    await replica.handler(batch)
    assert await database["products"].find().to_list() == before
    assert [one.version for one in replica.events.snapshots()] == [1] * 6


@pytest.mark.parametrize("seen_during_the_write", [False, True])
async def test_an_own_snapshot_needs_a_comparison_when_another_one_came_during_the_write(
    replica, ready, deliver, seen_during_the_write
):
    """A faster writer's snapshot comes after this write has begun, so the write must be announced before it happens."""
    partition = (CATALOG_PRODUCTS.name, 0)
    replica.own.read("demo/other", partition, 0)
    write = replica.products.write

    async def slow(writes, writer):
        if seen_during_the_write:
            replica.own.read("demo/A-1", partition, 1)
        return await write(writes, writer)

    replica.products.write = slow
    replica.events.first_offset = 2 if seen_during_the_write else 1
    await replica.handler([deliver(message.event.data, time=message.event.time) for message in ready.sent])
    is_certain = replica.own.read("demo/A-1", partition, replica.events.first_offset)
    assert is_certain is not seen_during_the_write


@pytest.mark.reliability(2)
async def test_rt2_a_crash_between_write_and_publish_loses_no_snapshot(replica, changes):
    batch = changes(3)
    replica.events.fail = KafkaError("broker away")
    with pytest.raises(KafkaError):
        await replica.handler(batch)
    assert replica.events.snapshots() == []
    assert await replica.handler(batch) == []
    assert len(replica.events.snapshots()) == 3


@pytest.mark.reliability(11)
async def test_rt11_two_replicas_on_the_same_products_lose_no_update(new_replica, database, new_story, deliver):
    first, second = new_replica(), new_replica()
    await first.handler([deliver(new_story(product_no=f"P-{n}").change(0)) for n in range(20)])
    names = ["category_id", "brand_id", "size_chart_image", "name", "description"]
    batches = []
    for minute, name in enumerate(names, 1):
        stories = [new_story(product_no=f"P-{n}") for n in range(20)]
        batches.append([deliver(story.edit(minute, **{name: f"{name}-{minute}"})) for story in stories])
    # Each batch by another replica, all at once: every edit of every field has to be there in the end.
    spread = [
        (first if index % 2 else second).handler([replace(delivery, partition=index) for delivery in batch])
        for index, batch in enumerate(batches)
    ]
    await asyncio.gather(*spread)
    async for document in database["products"].find():
        content = document["content"]
        assert [content[name] for name in names] == [f"{name}-{minute}" for minute, name in enumerate(names, 1)]
        assert document["version"] == 1 + len(names)


async def test_im8_a_refused_message_leaves_the_rest(replica, new_story, deliver, at_minute):
    far = new_story(product_no="far").change(0).model_copy(update={"observed_at": at_minute(0) + timedelta(days=9999)})
    bad = deliver(far)
    [refusal] = await replica.handler(
        [deliver(new_story(product_no="a").change(0)), bad, deliver(new_story(product_no="b").change(0))]
    )
    assert refusal.delivery is bad
    assert {one.product_no for one in replica.events.snapshots()} == {"a", "b"}


class TestCrashBetweenWriteAndPublish:
    """The good edit moves the product's offset past its neighbours; these must not be taken for applied."""

    async def crash(self, replica, batch):
        replica.events.fail = KafkaError("broker away")
        with pytest.raises(KafkaError):
            await replica.handler(batch)
        return await replica.handler(batch)

    async def test_a_waiting_edit_is_not_lost(self, replica, database, new_story, deliver):
        story = new_story()
        early = deliver(story.edit(1, stock=[{"vertical_no": "M", "quantity": 7}]))
        assert await self.crash(replica, [deliver(story.change(0)), early, deliver(story.edit(2, name="x"))]) == []
        assert await database["held_messages"].count_documents({"offset": early.offset}) == 1
        skus = [{"stock": 10}, {"vertical_no": "M", "stock": 1}]
        await replica.handler([deliver(story.change(3, updated=3, skus=skus))])
        assert [sku.stock for sku in replica.events.snapshots()[-1].skus] == [10, 7]

    async def test_dl13_an_edit_of_the_former_life_is_not_lost(self, replica, database, new_story, deliver):
        story = new_story()
        await replica.handler([deliver(story.change(0)), deliver(story.removal(5))])
        await replica.handler([deliver(story.deletion()), deliver(story.change(60, updated=60))])
        old = deliver(story.edit(1, category_id="old"))
        new = deliver(story.edit(0, name="x").model_copy(update={"edited_at": now()}))
        assert await self.crash(replica, [old, new]) == []
        assert [one["offset"] async for one in database["held_messages"].find()] == [old.offset]
        assert replica.events.snapshots()[-1].content.name == "x"

    async def test_a_refused_edit_is_refused_again(self, replica, new_story, deliver):
        story = new_story()
        ahead = story.edit(0, name="x").model_copy(update={"edited_at": now() + timedelta(days=1)})
        batch = [deliver(story.change(0)), deliver(ahead), deliver(story.edit(2, name="y"))]
        [refusal] = await self.crash(replica, batch)
        assert refusal.delivery is batch[1]


class TestHeld:
    async def test_an_edit_waits_for_its_product(self, replica, database, new_story, deliver):
        story = new_story()
        assert await replica.handler([deliver(story.edit(1, name="ブラウス"))]) == []
        assert await database["held_messages"].count_documents({"shop_key": "demo"}) == 1
        await replica.handler([deliver(story.change(0))])
        assert replica.events.snapshots()[-1].content.name == "ブラウス"
        assert await database["held_messages"].count_documents({}) == 0

    async def test_edits_keep_their_order(self, replica, new_story, deliver):
        story = new_story()
        await replica.handler([deliver(story.edit(1, category_id="1"))])
        await replica.handler([deliver(story.edit(1, category_id="2"))])
        await replica.handler([deliver(story.change(0)), deliver(story.edit(1, category_id="3"))])
        assert replica.events.snapshots()[-1].content.category_id == "3"

    async def test_a_repeated_edit_is_held_once(self, replica, database, new_story, deliver):
        delivery = deliver(new_story().edit(1, name="x"))
        await replica.handler([delivery])
        await replica.handler([delivery])
        assert await database["held_messages"].count_documents({}) == 1

    async def test_what_is_held_keeps_its_bytes(self, replica, new_story, deliver):
        delivery = deliver(new_story().edit(1, name="x"))
        await replica.handler([delivery])
        [held] = await replica.held.oldest(10)
        letter = held.dead_letter(ValueError("why"))
        assert (letter.topic, letter.partition, letter.offset) == (delivery.topic, 0, delivery.offset)
        assert (letter.key, letter.value, letter.headers) == (delivery.key, delivery.value, delivery.headers)


class TestDeletion:
    async def remove(self, replica, story, deliver):
        await replica.handler([deliver(story.change(0)), deliver(story.removal(5))])

    async def test_document_goes_tombstone_and_null_come(self, replica, database, new_story, deliver):
        story = new_story()
        await self.remove(replica, story, deliver)
        await replica.handler([deliver(story.deletion())])
        assert await database["products"].count_documents({}) == 0
        tombstone = await database["tombstones"].find_one({"_id": "demo/A-1"})
        assert (tombstone["sweep_id"], tombstone["enumeration"]["id"]) == ("S1", "E1")
        assert replica.events.snapshots()[-1] == b"demo/A-1"

    async def test_dl12_a_crash_before_the_null_snapshot_is_made_good(self, replica, new_story, deliver):
        story = new_story()
        await self.remove(replica, story, deliver)
        command = deliver(story.deletion())
        replica.events.fail = KafkaError("broker away")
        with pytest.raises(KafkaError):
            await replica.handler([command])
        await replica.handler([command])
        assert replica.events.snapshots()[-1] == b"demo/A-1"

    @pytest.mark.parametrize("next_step", ["command", "change"])
    async def test_dl12_a_deletion_that_was_cut_in_the_middle_is_finished(
        self, new_replica, database, new_story, deliver, monkeypatch, next_step
    ):
        """Its tombstone is written, its document still there: the next message of the product finds it deleted."""
        story, doomed, next_one = new_story(), new_replica(), new_replica()
        await self.remove(doomed, story, deliver)
        command = deliver(story.deletion())

        def die(name):
            raise KafkaError(name)

        with monkeypatch.context() as patched:
            patched.setattr("catalog.store.products.failpoint", die)
            with pytest.raises(KafkaError):
                await doomed.handler([command])
        assert await database["products"].count_documents({}) == 1
        if next_step == "change":  # of the former life, and quicker than the command's second delivery
            await next_one.handler([deliver(story.change(4))])
            assert await database["products"].count_documents({}) == 0
        await next_one.handler([command])
        assert await database["products"].count_documents({}) == 0
        assert (await database["tombstones"].find_one({"_id": "demo/A-1"}))["sweep_id"] == "S1"
        assert next_one.events.snapshots()[-1] == b"demo/A-1"

    async def test_dl11_a_product_switched_on_at_the_same_moment_stays(self, new_replica, database, new_story, deliver):
        """The command's replica has read OFF; before it writes, another one sets ON."""
        story, deleting, switching = new_story(), new_replica(), new_replica()
        await self.remove(deleting, story, deliver)
        write = deleting.products.write

        async def late(writes, writer):
            deleting.products.write = write
            await switching.handler([deliver(story.target(True))])
            return await write(writes, writer)

        deleting.products.write = late
        await deleting.handler([deliver(story.deletion())])
        assert (await database["products"].find_one({}))["sync_enabled"] is True
        assert await database["tombstones"].count_documents({}) == 0

    async def test_scenario_68_created_again(self, replica, database, new_story, deliver):
        story = new_story()
        await self.remove(replica, story, deliver)
        await replica.handler([deliver(story.deletion())])
        await replica.handler([deliver(story.change(4))])
        assert await database["products"].count_documents({}) == 0
        await replica.handler([deliver(story.change(60, updated=60, stock=99))])
        document = await database["products"].find_one({"_id": "demo/A-1"})
        assert document["skus"][0]["stock"] == 99
        assert document["version"] == 2
        assert await database["tombstones"].count_documents({}) == 0


class TestWarnings:
    """ON is obeyed; who reads the log can tell the merchant what it means. One line each, with shop and product."""

    async def switch_on(self, replica, story, deliver):
        with capture_logs() as lines:
            await replica.handler([deliver(story.target(True), event_id="switch")])
        return [line for line in lines if line["log_level"] == "warning"]

    async def test_dl7_on_for_a_product_removed_upstream(self, replica, new_story, deliver):
        story = new_story()
        await replica.handler([deliver(story.change(0)), deliver(story.removal(5))])
        [line] = await self.switch_on(replica, story, deliver)
        assert "removed in futureshop" in line["event"]
        told = (line["shop_key"], line["product_no"], line["event_id"], line["enumeration_id"])
        assert told == ("demo", "A-1", "switch", "E1")

    async def test_scenario_68_dl13_on_for_a_product_with_a_former_listing(
        self, replica, database, ready, new_story, deliver
    ):
        ready.pushed(review="live", stock=10)
        ready.switched(4, False)
        ready.removed(5)
        ready.deleted()
        await replica.handler([deliver(one.event.data, time=one.event.time) for one in ready.sent])
        story = new_story()
        await replica.handler([deliver(story.change(60, updated=60))])
        document = await database["products"].find_one()
        assert document["former_listing"]["tiktok_product_id"] == "T1"
        assert replica.events.snapshots()[-1].former_listing.model_dump() == document["former_listing"]
        [line] = await self.switch_on(replica, story, deliver)
        assert "former listing" in line["event"]
        assert (line["shop_key"], line["product_no"], line["former_tiktok_product_id"]) == ("demo", "A-1", "T1")

    async def test_on_for_any_other_product_says_nothing(self, replica, new_story, deliver):
        story = new_story()
        await replica.handler([deliver(story.change(0))])
        assert await self.switch_on(replica, story, deliver) == []


class TestBulkEdit:
    def body(self, numbers, **members):
        return ProductsBulkEdited(shop_key="demo", edited_at=members.pop("at"), product_nos=tuple(numbers), **members)

    async def test_scenario_41_one_message_per_product_and_a_report(self, replica, changes, deliver, at_minute):
        await replica.handler(changes(20))
        numbers = [f"P-{number:03}" for number in range(20)]
        body = self.body(numbers, at=at_minute(1), changes=EditChanges(package_weight_g=300), sync_enabled=True)
        assert await replica.handler([deliver(body)]) == []
        fanned = replica.events.on(TOOL_EDITS)
        assert [one.product_no for one in fanned if isinstance(one, ProductEdited)] == numbers
        assert sum(isinstance(one, SyncTargetSet) for one in fanned) == 20
        [report] = replica.events.on(REPORTS)
        assert isinstance(report, BulkEditCompleted)
        assert [(one.product_no, one.verdict) for one in report.verdicts] == [(one, "accepted") for one in numbers]

    async def test_scenario_41_ed2_ed6_ss5_all_have_it_and_nothing_else_changed(
        self, replica, database, changes, deliver, at_minute, new_story, complete_edit
    ):
        """The first ten lack the weight only, the others more."""
        await replica.handler(changes(20))
        del complete_edit["package_weight_g"]
        entered = [new_story(product_no=f"P-{number:03}").edit(1, **complete_edit) for number in range(10)]
        await replica.handler([deliver(one) for one in entered])
        before = {one["product_no"]: one async for one in database["products"].find()}
        assert {one["status"] for one in before.values()} == {"incomplete"}
        body = self.body(before, at=at_minute(2), changes=EditChanges(package_weight_g=300))
        await replica.handler([deliver(body)])
        await replica.handler([deliver(one, time=at_minute(2)) for one in replica.events.on(TOOL_EDITS)])
        async for after in database["products"].find():
            was = before[after["product_no"]]
            assert after["content"] == {**was["content"], "package_weight_g": 300}
            assert after["status"] == ("pending" if after["product_no"] < "P-010" else "incomplete")
            assert [after[name] for name in ("skus", "sync_enabled", "edited_fields", "target", "stock", "edits")] == [
                was[name] for name in ("skus", "sync_enabled", "edited_fields", "target", "stock", "edits")
            ]

    async def test_a_repeat_after_a_crash_carries_the_same_ids(self, replica, changes, database, deliver, at_minute):
        await replica.handler(changes(2))
        delivery = deliver(self.body(["P-000", "P-001"], at=at_minute(1), changes=EditChanges(brand_id="1")))
        await replica.handler([delivery])
        await database["done_requests"].delete_many({})  # killed between the acknowledgements and this
        await replica.handler([delivery])
        ids = [event.id for spec, event in replica.events.published if spec in (TOOL_EDITS, REPORTS)]
        assert len(ids) == 6
        assert ids[:3] == ids[3:]

    async def test_an_unknown_product_waits_then_is_refused_by_name(self, replica, changes, deliver, at_minute):
        await replica.handler(changes(1))
        body = self.body(["P-000", "ghost"], at=at_minute(1), changes=EditChanges(brand_id="1"))
        delivery = deliver(body)
        await replica.handler([delivery])
        assert replica.events.on(TOOL_EDITS) == []
        assert await replica.bulk_edits.publish(delivery, final=True)
        [report] = replica.events.on(REPORTS)
        assert [(one.product_no, one.verdict) for one in report.verdicts] == [
            ("P-000", "accepted"),
            ("ghost", "refused"),
        ]
        assert "demo/ghost" in report.verdicts[1].reason

    async def test_a_stamp_from_the_future_refuses_the_whole(self, replica, deliver, at_minute):
        body = self.body(["P-000"], at=at_minute(0) + timedelta(days=9999), changes=EditChanges(brand_id="1"))
        [refusal] = await replica.handler([deliver(body)])
        assert "edited_at" in str(refusal.error)

    async def test_a_long_report_comes_in_pages(self, replica, changes, deliver, at_minute):
        await replica.handler(changes(501))
        numbers = [f"P-{number:03}" for number in range(501)]
        await replica.handler([deliver(self.body(numbers, at=at_minute(1), changes=EditChanges(brand_id="1")))])
        pages = replica.events.on(REPORTS)
        assert [(page.page, page.pages, len(page.verdicts)) for page in pages] == [(1, 2, 500), (2, 2, 1)]


async def test_snapshots_go_to_the_snapshot_topic_only(replica, changes):
    await replica.handler(changes(1))
    assert [spec for spec, _ in replica.events.published] == [CATALOG_PRODUCTS]
