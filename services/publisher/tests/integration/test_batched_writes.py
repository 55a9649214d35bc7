"""What goes to MongoDB together ends as if each had gone alone."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest_asyncio

from publisher.model import Intent, Listing, UploadedImage
from publisher.store import ImageCache, Jobs, KnownFile, Listings
from shopsync_contracts import new_event
from shopsync_contracts.events import PushRequested
from shopsync_runtime.mongo import make_client

CREATE = Intent("create", "key", 1, "fingerprint", {("", ""): 7})
LEASE = timedelta(seconds=30)


@pytest_asyncio.fixture(loop_scope="session")
async def database(mongo_uri, mongo_database):
    async with make_client(mongo_uri, app_name="test") as client:
        yield client[mongo_database]


async def listed(database, product_no, due_at, *, tiktok_product_id=None, shop_key="demo"):
    document = {"_id": f"{shop_key}/{product_no}", "shop_key": shop_key, "product_no": product_no, "pushes": 1}
    if tiktok_product_id is not None:
        document["tiktok_product_id"] = tiktok_product_id
    await database["listings"].insert_one({**document, "review_due_at": due_at})


async def due_at(database, product_no):
    return (await database["listings"].find_one({"_id": f"demo/{product_no}"})).get("review_due_at")


async def test_due_listings_are_claimed_together_but_those_that_moved_since(database, now):
    listings = Listings(database)
    for minutes, product_no in enumerate("CBA"):
        await listed(database, product_no, now - timedelta(minutes=minutes))
    await listed(database, "later", now + timedelta(seconds=1))
    await listed(database, "of-another", now, shop_key="other")
    due = await listings.due_reviews(now=now, limit=10, but_not_of=["other"])
    assert [listing.product_no for listing, _ in due] == ["A", "B", "C"]
    moved = now + timedelta(minutes=9)
    await database["listings"].update_one({"_id": "demo/B"}, {"$set": {"review_due_at": moved}})
    claimed = await listings.claim_reviews(due, now + LEASE)
    assert [listing.product_no for listing in claimed] == ["A", "C"]
    assert [await due_at(database, one) for one in "ABC"] == [now + LEASE, moved, now + LEASE]
    assert await listings.due_reviews(now=now, limit=1) != []
    assert await listings.due_reviews(now=now, limit=9, but_not_of=["other"]) == []


async def test_webhooks_that_come_together_are_each_stored(database, now):
    """Of a known listing, repeated, of a create whose outcome is not stored yet, and of nobody."""
    listings = Listings(database)
    await listings.ensure_indexes()
    later = now + timedelta(hours=1)
    await listed(database, "A", later, tiktok_product_id="P1")
    await listed(database, "B", later, tiktok_product_id="P2")
    creating = await listings.intend(Listing("demo", "C"), CREATE)
    assert await listings.notified("demo", "P1", "first", now - timedelta(hours=1))
    told = [("P1", "first"), ("P2", "n-2"), ("P2", "n-3"), ("P3", "n-4"), ("P1", "n-5")]
    heard = await asyncio.gather(*(listings.notified("demo", product, number, now) for product, number in told))
    assert heard == [True, True, True, False, True]
    assert [await due_at(database, one) for one in "AB"] == [now, now]
    found = {one["_id"]: one async for one in database["listings"].find()}
    assert found["demo/A"]["notifications"] == ["first", "n-5"]
    assert found["demo/B"]["notices"] == 2
    assert found["demo/C"]["notices"] == 1
    assert creating is not None
    assert await listings.record_push(creating, [], review_due_at=later, now=now) is not None
    assert await due_at(database, "C") == now


async def test_a_repeated_webhook_makes_nothing_due(database, now):
    listings = Listings(database)
    later = now + timedelta(hours=1)
    await listed(database, "A", later, tiktok_product_id="P1")
    await listings.notified("demo", "P1", "n-1", now)
    await database["listings"].update_one({"_id": "demo/A"}, {"$set": {"review_due_at": later}})
    await asyncio.gather(*(listings.notified("demo", "P1", "n-1", now) for _ in range(3)))
    assert await due_at(database, "A") == later


async def test_of_jobs_that_end_together_only_those_without_a_new_command_go(database, now):
    jobs = Jobs(database)

    def command(product_no):
        body = PushRequested(shop_key="demo", product_no=product_no, reason="auto")
        return new_event(body, source="/test", id=str(uuid4()), time=now)

    await jobs.request([command(one) for one in "ABCD"], now)
    claimed = {}
    while (job := await jobs.claim("demo", owner=str(uuid4()), now=now, lease=LEASE)) is not None:
        claimed[job.product_no] = job
    await jobs.request([command("B")], now)
    overtaken = now + 2 * LEASE
    taken_over = await jobs.claim("demo", owner="another", now=overtaken, lease=LEASE)
    await asyncio.gather(*(jobs.finish(job, now) for job in claimed.values()))
    left = {one["product_no"]: one async for one in database["push_jobs"].find()}
    assert set(left) == {"B", taken_over.product_no}
    assert left["B"]["owner"] in {"", "another"}
    assert left[taken_over.product_no]["owner"] == "another"


async def test_uploads_and_files_that_are_new_and_known_are_stored_together(database, now):
    """Another replica may have stored the same; of two writes about one file the later one counts."""
    cache, other = ImageCache(database), ImageCache(database)

    def remember(number, digest, *, by=cache):
        image = UploadedImage(f"tos/{number}", "https://img/a", 400, 300, "a note")
        file = KnownFile(digest, f'"{number}"', None)
        by.remember_upload("demo", "MAIN_IMAGE", image, address=f"http://x/{digest}", file=file, now=now)

    remember(1, "A", by=other)
    await other.finish()
    for number, digest in ((2, "C"), (3, "A"), (4, "B"), (5, "B")):
        remember(number, digest)
    assert (await cache.upload("demo", "MAIN_IMAGE", "B")).uri == "tos/5", "known before it is stored"
    await cache.finish()
    found = [await cache.upload("demo", "MAIN_IMAGE", digest) for digest in "ABC"]
    assert [image.uri for image in found] == ["tos/3", "tos/5", "tos/2"]
    assert found[0] == UploadedImage("tos/3", "https://img/a", 400, 300, "a note")
    files = [await cache.file("demo", f"http://x/{digest}") for digest in "ABC"]
    assert [file.etag for file in files] == ['"3"', '"5"', '"2"']
    assert await database["images"].count_documents({}) == 6
