"""What one batch costs, and several replicas at work on the same products at once."""

import asyncio
from collections import Counter

import pytest
import pytest_asyncio
from aiokafka.errors import KafkaError
from msgspec.structs import replace
from pymongo import AsyncMongoClient
from pymongo.monitoring import CommandListener

from catalog.store.read_documents import read_product
from shopsync_contracts.events import ProductSnapshot, SkuSent


class Commands(CommandListener):
    """Counts what goes to the server as (command, collection)."""

    def __init__(self):
        self.seen = Counter()

    def started(self, event):
        self.seen[event.command_name, event.command.get(event.command_name)] += 1

    def succeeded(self, event):
        pass

    def failed(self, event):
        pass


@pytest.fixture
def commands():
    return Commands()


@pytest_asyncio.fixture(loop_scope="session")
async def counted(new_replica, mongo_uri, mongo_database, commands):
    """A replica whose commands are counted."""
    async with AsyncMongoClient(mongo_uri, tz_aware=True, w="majority", event_listeners=[commands]) as client:
        yield new_replica(client[mongo_database])


@pytest.fixture
def batch_of(new_story, deliver, at_minute):
    """Three messages for each of so many products: a change and two edits, all of later minutes than the last call."""
    minutes = iter(range(0, 1000, 10))

    def make(products):
        minute = next(minutes)
        stories = [new_story(product_no=f"P-{number:03}") for number in range(products)]
        return [
            *(deliver(story.change(minute, updated=minute, name=f"名{minute}")) for story in stories),
            *(deliver(story.edit(minute + 1, category_id=str(minute))) for story in stories),
            *(deliver(story.target(True), time=at_minute(minute + 2)) for story in stories),
        ]

    return make


EVERY = {
    ("find", "held_messages"): 1,
    ("find", "shops"): 2,  # before the fold, and again after the write: settings may have changed meanwhile
    ("find", "products"): 1,
}


class TestOneReadAndOneWrite:
    """150 messages of 50 products cost as many commands as 3 of one; any larger batch four times as many."""

    @pytest.mark.parametrize(("products", "parts"), [(1, 1), (50, 1), (100, 2), (170, 4), (500, 4)])
    async def test_new_products(self, counted, commands, batch_of, products, parts):
        assert await counted.handler(batch_of(products)) == []
        once = {("find", "products"): parts, ("find", "tombstones"): parts, ("insert", "products"): parts}
        assert commands.seen == {**EVERY, **once}
        assert len(counted.events.snapshots()) == products

    @pytest.mark.parametrize(("products", "parts"), [(1, 1), (50, 1), (170, 4), (500, 4)])
    async def test_known_products(self, counted, commands, batch_of, database, products, parts):
        await counted.handler(batch_of(products))
        commands.seen.clear()
        assert await counted.handler(batch_of(products)) == []
        assert commands.seen == {**EVERY, ("find", "products"): parts, ("update", "products"): parts}
        assert await database["products"].count_documents({"revision": 2, "version": 2}) == products

    async def test_a_repeat_reads_and_writes_nothing(self, counted, commands, batch_of):
        batch = batch_of(100)
        await counted.handler(batch)
        commands.seen.clear()
        await counted.handler(batch)
        assert not [command for command, _ in commands.seen if command != "find"]
        assert len(counted.events.snapshots()) == 200


async def test_scenario_44_edits_and_an_import_by_two_replicas_on_the_same_products(
    new_replica, database, new_story, deliver
):
    """The import goes through one replica, the edits through another, batch beside batch."""
    importing, editing = new_replica(), new_replica()
    stories = [new_story(product_no=f"P-{number}") for number in range(15)]
    await importing.handler([deliver(story.change(0, name="名0", description="名0")) for story in stories])
    imports = [
        [
            deliver(story.change(minute, updated=minute, name=f"名{minute}", description=f"名{minute}"))
            for story in stories
        ]
        for minute in (10, 20, 30, 40)
    ]
    edits = [
        [deliver(story.edit(minute, **changes)) for story in stories]
        for minute, changes in (
            (11, {"category_id": "1", "name": "手11"}),
            (21, {"brand_id": "2", "package_dimensions_cm": {"length": 30}}),
            (31, {"package_weight_g": 300, "package_dimensions_cm": {"width": 20, "height": 5}}),
            (41, {"price": 2900, "stock": [{"quantity": 7}]}),
        )
    ]

    async def one_after_the_other(replica, batches):
        for batch in batches:
            await replica.handler(batch)

    await asyncio.gather(one_after_the_other(importing, imports), one_after_the_other(editing, edits))
    documents = await database["products"].find().to_list()
    assert len(documents) == 15
    for document in documents:
        snapshot = ProductSnapshot.from_document(document)
        content = snapshot.content
        assert (content.name, content.description, content.price) == ("名40", "名40", 2900)
        assert (content.category_id, content.brand_id, content.package_weight_g) == ("1", "2", 300)
        assert content.package_dimensions_cm.model_dump() == {"length": 30, "width": 20, "height": 5}
        assert [sku.stock for sku in snapshot.skus] == [7]
        assert snapshot.edited_fields == ("price",)
        assert document["revision"] == len(imports) + len(edits) + 1
    for seen in [*importing.events.snapshots(), *editing.events.snapshots()]:
        # Never half of one reading of futureshop: with its description goes its name, or the merchant's.
        assert seen.content.name in (seen.content.description, "手11")
    newest = max(one.version for one in editing.events.snapshots() + importing.events.snapshots())
    assert {document["version"] for document in documents} == {newest}


@pytest.mark.reliability(11)
async def test_rt11_a_replica_that_has_read_before_another_wrote_does_not_overwrite_it(
    new_replica, database, new_story, deliver
):
    """A zombie after a rebalance: it has read the old state when the new owner takes the same message and two more."""
    zombie, owner, story = new_replica(), new_replica(), new_story()
    await owner.handler([deliver(story.change(0))])
    states = zombie.products.states
    mine = deliver(story.edit(3, brand_id="zombie"))

    async def slow(ids):
        zombie.products.states = states
        read = [one async for one in states(ids)]
        await owner.handler([mine])
        await owner.handler([deliver(story.edit(1, category_id="owner"))])
        await owner.handler([deliver(story.edit(2, name="owner"))])
        for one in read:
            yield one

    zombie.products.states = slow
    await zombie.handler([mine])
    document = await database["products"].find_one()
    content = document["content"]
    assert (content["category_id"], content["name"], content["brand_id"]) == ("owner", "owner", "zombie")
    assert (document["revision"], document["version"]) == (4, 4)
    assert [one.version for one in zombie.events.snapshots()] == [4]


@pytest.mark.reliability(9)
async def test_rt9_the_same_batch_by_two_replicas_at_once_counts_once(new_replica, database, batch_of):
    first, second = new_replica(), new_replica()
    await first.handler(batch_of(20))
    batch = batch_of(20)
    await asyncio.gather(first.handler(batch), second.handler(batch))
    async for document in database["products"].find():
        assert (document["revision"], document["version"]) == (2, 2)
    versions = Counter(one.product_no for one in second.events.snapshots() if one.version == 2)
    versions += Counter(one.product_no for one in first.events.snapshots() if one.version == 2)
    assert set(versions) == {f"P-{number:03}" for number in range(20)}


async def test_a_first_import_by_two_replicas_at_once_makes_one_document_each(new_replica, database, batch_of):
    """Neither has a revision to guard by: the second insert fails and is folded upon the first."""
    first, second = new_replica(), new_replica()
    batch = batch_of(20)
    await asyncio.gather(first.handler(batch), second.handler([replace(one, partition=1) for one in batch]))
    assert await database["products"].count_documents({}) == 20
    published = {one.product_no for one in [*first.events.snapshots(), *second.events.snapshots()]}
    assert len(published) == 20
    async for document in database["products"].find():
        assert (document["version"], document["content"]["category_id"], document["sync_enabled"]) == (1, "0", True)


@pytest.mark.reliability(3)
async def test_rt2_after_a_crash_in_the_middle_of_the_write_the_rest_is_written(
    replica, database, batch_of, monkeypatch
):
    """Half of the bulk write has reached the server when the process dies: the redelivery does the other half."""
    await replica.handler(batch_of(10))
    batch = batch_of(10)
    write = replica.products.write

    async def half(writes, writer):
        await write(writes[: len(writes) // 2], writer)
        raise KafkaError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(replica.products, "write", half)
        with pytest.raises(KafkaError):
            await replica.handler(batch)
    assert await database["products"].count_documents({"version": 2}) == 5
    replica.events.published.clear()
    assert await replica.handler(batch) == []
    assert await database["products"].count_documents({"version": 2, "revision": 2}) == 10
    assert [one.version for one in replica.events.snapshots()] == [2] * 10


async def test_scenario_78_au3_nv13_two_shops_with_the_same_number(replica, database, new_story, deliver):
    """K1's A1 is imported, edited, listed and deleted in the same batches as K2's, which nobody touches."""
    k1, k2 = new_story(shop_key="K1", product_no="A1"), new_story(shop_key="K2", product_no="A1")
    k2.changed(0, stock=5)
    k2.complete()
    untouched = [deliver(one.event.data, time=one.event.time) for one in k2.sent]
    k1.changed(0, name="K1の品", stock=9)
    k1.edited(1, category_id="K1", stock=[{"quantity": 3}])
    k1.switched(1, True)
    k1.pushed(
        tiktok="T-K1", stock=3, skus=(SkuSent(vertical_no="", horizontal_no="", tiktok_sku_id="S-K1", stock_sent=3),)
    )
    first = [deliver(one.event.data, time=one.event.time) for one in k1.sent]
    await replica.handler([*first[:2], *untouched, *first[2:]])
    before = await database["products"].find_one({"_id": "K2/A1"})
    assert read_product(before).record == k2.state.record
    k1.sent.clear()
    k1.switched(4, False)
    k1.removed(5)
    k1.deleted()
    await replica.handler([deliver(one.event.data, time=one.event.time) for one in k1.sent])
    assert await database["products"].find().to_list() == [before]
    assert [one["_id"] async for one in database["tombstones"].find()] == ["K1/A1"]
    assert replica.events.snapshots()[-1] == b"K1/A1"


async def test_a_batch_beyond_what_one_message_to_mongodb_holds(replica, database, new_story, deliver):
    """As reported of bulk writers (adiom-data/dsync 333): 16 products of 4 MB each are 64 MB; a message takes 48."""
    stories = [new_story(product_no=f"P-{number:02}") for number in range(16)]
    large = "長" * 600_000
    assert await replica.handler([deliver(story.change(0, description=large)) for story in stories]) == []
    assert await replica.handler([deliver(story.edit(1, category_id="1")) for story in stories]) == []
    assert await database["products"].count_documents({"version": 2, "content.category_id": "1"}) == 16
    assert [one.version for one in replica.events.snapshots()] == [1] * 16 + [2] * 16
