"""Documents are read as the services' own code writes them."""

from dataclasses import fields
from datetime import timedelta

import pytest

from catalog.store.documents import product_document
from publisher.model import Intent, Later, Listing, OutboxEntry
from publisher.store import Jobs, Listings
from shopsync_contracts import new_event
from shopsync_contracts.events import ProductSnapshot, PushRequested, UpstreamProduct
from shopsync_contracts.stored import read_stored
from shopsync_readmodel.stored.held import read_held
from shopsync_readmodel.stored.layers import Layers, read_layers
from shopsync_readmodel.stored.listings import read_listing
from shopsync_readmodel.stored.push_jobs import read_job
from shopsync_readmodel.stored.tombstones import read_tombstone

TWO_SKUS = [{"vertical_no": "M", "stock": 10, "price": 3600}, {"vertical_no": "L", "stock": 4}]
ONE_MORE = {"vertical_no": "L", "horizontal_no": "RED"}


async def test_every_layer_reads_as_the_catalogue_reads_it(tool):
    # A former life, so that a former listing is there too.
    await tool.imported(minute=0)
    await tool.completed(minute=1)
    await tool.pushed(minute=2)
    await tool.removed(minute=3)
    await tool.deleted(minute=5)
    # The present life: something in every layer.
    await tool.imported(minute=9, skus=TWO_SKUS)
    await tool.imported(minute=10, skus=[*TWO_SKUS, ONE_MORE], stock_managed=False)
    await tool.imported(minute=11, updated_at=tool.at(10), name="seen, not taken")
    await tool.completed(minute=11)
    await tool.edited(minute=12, name="夏シャツ", price=2900, stock=[{"vertical_no": "M", "quantity": 7}])
    await tool.switched(on=True, minute=13)
    await tool.pushed(minute=14, stock=7, tiktok_product_id="T1")
    await tool.reviewed(review="approved", minute=15)
    await tool.failed(status="incomplete", code="incomplete", missing=("skus[M/].price",))
    await tool.removed(minute=16)

    [stored] = (await tool.products.load(["demo/A-1"])).values()
    record, read = stored.state.record, read_layers(await tool.document())

    assert read.upstream.product == read_stored(UpstreamProduct, record.upstream.product)
    assert (read.upstream.taken_at, read.upstream.observed_at) == (tool.at(10), tool.at(11))
    assert read.upstream.removal.enumeration_id == record.upstream.removal.enumeration_id
    assert (read.upstream.removal.started_at, read.upstream.removal.completed_at) == (tool.at(16), tool.at(17))
    for mine, theirs in ((read.edits, record.edits), (read.tool, record.tool)):
        assert theirs
        assert {name: (one.value, one.at) for name, one in mine.items()} == {
            name: (one.value, one.at) for name, one in theirs.items()
        }
    assert set(read.stock) == set(record.stock) == {("M", ""), ("L", ""), ("L", "RED")}
    assert read.stock["L", "RED"].unmanaged is record.stock["L", "RED"].unmanaged is True
    stock, theirs = read.stock["M", ""], record.stock["M", ""]
    assert (
        (stock.imported, stock.unmanaged, stock.sent)
        == (theirs.imported, theirs.unmanaged, theirs.sent)
        == (10, False, 7)
    )
    assert (stock.edit.value, stock.edit.at) == (7, tool.at(12))
    assert (read.target.value, read.target.at) == (True, tool.at(13))
    assert read.listing.tiktok_product_id == record.listing.tiktok_product_id == "T1"
    assert read.listing.outcome.kind == record.listing.outcome.kind == "incomplete"
    assert read.listing.outcome.content_version == record.listing.outcome.content_version
    assert read.listing.outcome.missing == ("skus[M/].price",)
    assert (read.listing.review.state, read.listing.review.occurred_at) == ("approved", tool.at(15))
    assert read.listing.review.content_version == record.listing.review.content_version is not None
    assert read.listing.pushed_content_version == record.listing.pushed_content_version is not None
    assert (read.listing.pushed_at, read.listing.live) == (tool.at(14), True)
    assert read.born_after == record.born_after == tool.at(5)


async def test_a_new_layer_of_the_catalogue_is_noticed_here(tool):
    await tool.imported()
    [stored] = (await tool.products.load(["demo/A-1"])).values()
    document = product_document(stored.state, revision=1, writer="w")
    inner = set(document) - set(ProductSnapshot.model_fields) - {"_id", "revision", "writer", "offsets"}
    assert inner - {"first_version", "first_content_version"} == {one.name for one in fields(Layers)}


async def test_a_tombstone_reads_as_the_catalogue_writes_it(tool):
    await tool.imported()
    await tool.completed()
    await tool.pushed(minute=2)
    await tool.removed(minute=3)
    await tool.deleted(minute=5)
    [stored] = (await tool.products.load(["demo/A-1"])).values()
    theirs = stored.state.tombstone
    mine = read_tombstone(await tool.database["tombstones"].find_one({"_id": "demo/A-1"}))
    assert (mine.deleted_at, mine.sweep_id, mine.tiktok_product_id) == (tool.at(5), "S1", "T1")
    assert mine.deleted_at == theirs.deleted_at
    assert (mine.proof.enumeration_id, mine.proof.started_at, mine.proof.completed_at) == ("E1", tool.at(3), tool.at(4))


async def test_held_messages_read_as_the_catalogue_keeps_them(tool):
    await tool.hold(tool.edit("A-1", minute=5, name="夏", price=100), 5)
    held = read_held(await tool.database["held_messages"].find_one({"subject": "demo/A-1"}), "A-1")
    assert (held.what, held.event_type, held.time) == ("edit of name, price", "product.edited", tool.at(5))
    assert held.event_id == "tool-edits.v1-1"
    assert (held.held_at, held.place) == (tool.at(6), "tool-edits.v1/0@1")


@pytest.mark.parametrize(
    "document", [{}, {"upstream": None, "edits": None, "stock": [None, {}], "listing": {"review": {}}}]
)
def test_what_is_missing_reads_as_nothing(document):
    read = read_layers(document)
    assert read.upstream.product is None
    assert dict(read.edits) == {}
    assert read.listing.tiktok_product_id is None
    assert read_tombstone({}).deleted_at is None
    assert "cannot be read" in read_held({}, "A-1").what
    assert read_job({}).attempts == 0
    assert read_listing({}).tiktok_product_id is None


async def test_jobs_and_listings_read_as_the_publisher_writes_them(tool):
    jobs, listings = Jobs(tool.database), Listings(tool.database)
    command = new_event(
        PushRequested(shop_key="demo", product_no="A-1", reason="auto"), source="/tests", id="c", time=tool.at(0)
    )
    await jobs.request([command], tool.at(0))
    claimed = await jobs.claim("demo", owner="w", now=tool.at(0), lease=timedelta(minutes=1))
    assert claimed is not None
    stored = tool.database["push_jobs"]
    assert read_job(await stored.find_one({})).state(tool.at(0.5)) == "running"
    later = Later(tool.at(9), attempts=3, waits=2, reported="authorization", trouble=("image_timeout", "no answer"))
    await jobs.reschedule(claimed, later, tool.at(1))
    job = read_job(await stored.find_one({}))
    assert (job.reason, job.requested_at, job.due_at) == ("auto", tool.at(0), tool.at(9))
    assert (job.attempts, job.waits, job.reported) == (3, 2, "authorization")
    assert job.trouble == ("image_timeout", "no answer")
    assert (job.state(tool.at(1)), job.state(tool.at(9))) == ("waiting", "due")

    listing = Listing("demo", "A-1", tiktok_product_id="T1", pushed_content_version=4)
    pushed = await listings.record_push(listing, [OutboxEntry("e", "{}")], review_due_at=tool.at(7), now=tool.at(0))
    assert pushed is not None
    await listings.intend(pushed, Intent("edit", "k", 5, "f", {}))
    read = read_listing(await tool.database["listings"].find_one({}))
    assert (read.tiktok_product_id, read.pushed_content_version, read.review_due_at) == ("T1", 4, tool.at(7))
    assert (read.intent, read.unsent_events) == ("edit", 1)
