"""One listing per product, stock sent once, whatever becomes of replies, workers and the merchant's hands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publisher.model import Intent, ListedSku, Listing
from publisher.store import Listings
from shopsync_sandbox.tiktok import Fault
from shopsync_testkit.polling import eventually

AXES = {"vertical": "サイズ"}


def products(world):
    return list(world.sandbox.world.shop("demo").products.values())


def only(world):
    (product,) = products(world)
    return product


def counts(world):
    done = world.sandbox.journal.done
    return done["creates"], done["edits"], max(world.sandbox.journal.stock_writes.values(), default=0)


def actions(world):
    return [event["action"] for event in world.events("push.succeeded")]


async def lose_a_create(world, *, until_retry=None, operation="create*", after=True):
    """A create that is done or not, its answer lost, and every search failing until the block has ended."""
    searches = world.sandbox.faults.add(Fault("error", operation="search*", times=None))
    lost = world.sandbox.faults.add(Fault("drop", operation=operation, after=after))
    await world.command("A-100")
    await eventually(lambda: lost.hits and searches.hits)
    if until_retry is not None:
        await until_retry()
    world.sandbox.faults.clear()
    await world.quiet()


def twin(world, product, **content):
    """Another product of the shop with the same SKU names, as a merchant makes by hand."""
    shop, ids = world.sandbox.world.shop("demo"), world.sandbox.world.ids
    skus = [sku.model_copy(update={"id": ids.next()}) for sku in product.content.skus]
    other = replace(
        product,
        id=ids.next(),
        content=product.content.model_copy(update={"skus": skus, **content}),
        stock={sku.id: dict(next(iter(product.stock.values()))) for sku in skus},
    )
    shop.products[other.id] = other
    shop.index(other)
    return other


@pytest.mark.reliability(31)
@pytest.mark.parametrize("after", [True, False], ids=["done", "not done"])
async def test_reliability_31_an_edit_whose_reply_is_lost_is_read_back_first(demo, sku, after):
    await demo.store(axes=AXES, skus=[sku("M")])
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    demo.sandbox.faults.add(Fault("gateway_timeout", operation="edit*", after=after))
    await demo.store(axes=AXES, skus=[sku("M"), sku("L", stock=4)], content={"name": "新しい"}, content_version=2)
    reads = demo.sandbox.journal.requests["get_product"]
    await demo.push("A-100")
    product = only(demo)
    assert product.under_review.title == "新しい"
    assert {s.seller_sku for s in product.under_review.skus} == {"A-100_M", "A-100_L"}
    assert dict(demo.sandbox.journal.stock_writes) == {("demo", "A-100_M"): 1, ("demo", "A-100_L"): 1}
    assert demo.sandbox.journal.requests["get_product"] > reads + 1
    assert actions(demo) == ["created", "edited"]
    assert (await demo.listing()).get("intent") is None


async def test_a_product_of_more_skus_than_a_search_takes_is_found(demo, sku):
    await demo.store(axes=AXES, skus=[sku(f"{number:02}") for number in range(23)])
    demo.sandbox.faults.add(Fault("drop", operation="create*", after=True))
    await demo.push("A-100")
    assert counts(demo) == (1, 0, 1)
    assert demo.sandbox.journal.done["creates_repeated"] == 0
    assert len(demo.events("push.succeeded")[0]["skus"]) == 23


async def test_a_product_made_by_hand_with_the_same_sku_names_is_not_ours(demo):
    await demo.store()
    await demo.push("A-100")
    by_hand = only(demo)
    by_hand.content = by_hand.content.model_copy(update={"external_product_id": None})
    await demo.database["listings"].delete_many({})
    demo.sandbox.world.shop("demo").idempotency.clear()
    searches = demo.sandbox.journal.requests["search_products"]
    await lose_a_create(demo, after=False)
    assert demo.sandbox.journal.requests["search_products"] > searches
    (ours,) = [product for product in products(demo) if product is not by_hand]
    assert actions(demo) == ["created", "created"]
    assert demo.events("push.succeeded")[-1]["tiktok_product_id"] == ours.id


async def test_of_several_hits_the_one_that_we_made_is_taken(demo):
    await demo.store()

    async def merchant():
        twin(demo, only(demo), external_product_id="something-else")
        demo.sandbox.lifecycle.delete(twin(demo, products(demo)[0], external_product_id="A-100"))
        twin(demo, products(demo)[0], external_product_id=None)

    await lose_a_create(demo, until_retry=merchant)
    assert (await demo.listing())["tiktok_product_id"] == products(demo)[0].id
    assert counts(demo) == (1, 0, 1)


async def test_a_lost_create_that_was_deleted_meanwhile_is_known_and_not_made_again(demo):
    """Q12."""
    await demo.store()

    async def merchant():
        demo.sandbox.lifecycle.delete(only(demo))

    await lose_a_create(demo, until_retry=merchant)
    assert counts(demo)[0] == 1
    assert (await demo.listing())["tiktok_product_id"] == only(demo).id
    assert demo.events("push.failed")[-1]["code"] == "deleted_in_seller_center"


async def test_a_lost_create_left_as_a_draft_is_published(demo):
    await demo.store()

    async def tiktok():
        product = only(demo)
        demo.sandbox.reviews.withdraw(product)
        product.status = "DRAFT"

    await lose_a_create(demo, until_retry=tiktok)
    assert only(demo).status == "PENDING"
    assert counts(demo) == (1, 1, 1)
    assert actions(demo) == ["created", "edited"]


async def test_a_product_switched_off_after_its_lost_create_is_known_but_not_sent(demo):
    """NV-4, TG-6: looking up a lost write only reads."""
    await demo.store()

    async def merchant():
        await demo.store(sync_enabled=False, content={"name": "別の名前"}, content_version=2)

    await lose_a_create(demo, until_retry=merchant)
    assert counts(demo) == (1, 0, 1)
    assert actions(demo) == ["created"]
    assert [event["why"] for event in demo.events("push.skipped")] == ["sync_disabled"]
    assert only(demo).content.title == "綿の靴下"
    listing = await demo.listing()
    assert listing["tiktok_product_id"] == only(demo).id
    assert "intent" not in listing


async def test_all_skus_replaced_after_a_lost_create(demo, sku):
    """The names to search by are those that were sent, not today's; old SKUs go with the edit that follows."""
    await demo.store(axes=AXES, skus=[sku("M"), sku("L")])

    async def merchant():
        await demo.store(axes={"vertical": "色"}, skus=[sku("NV"), sku("GR")], content_version=2)

    await lose_a_create(demo, until_retry=merchant)
    assert counts(demo) == (1, 1, 1)
    assert {s.seller_sku for s in only(demo).content.skus} == {"A-100_NV", "A-100_GR"}
    assert demo.events("push.succeeded")[-1]["content_version"] == 2


async def test_st3_a_create_that_was_not_done_sends_todays_stock_when_it_is_repeated(demo, sku):
    await demo.store(skus=[sku(stock=7)])

    async def merchant():
        await demo.store(skus=[sku(stock=2)])

    await lose_a_create(demo, until_retry=merchant, after=False)
    product = only(demo)
    assert sum(product.stock[product.content.skus[0].id].values()) == 2
    assert demo.events("push.succeeded")[0]["skus"][0]["stock_sent"] == 2


async def test_st13_a_create_that_was_done_keeps_the_stock_it_was_done_with(demo, sku):
    demo.sandbox.settings.search_delay_seconds = 3600
    await demo.store(skus=[sku(stock=7)])

    async def merchant():
        await demo.store(skus=[sku(stock=2)])

    await lose_a_create(demo, until_retry=merchant)
    product = only(demo)
    assert demo.sandbox.journal.done["creates_repeated"] >= 1
    assert sum(product.stock[product.content.skus[0].id].values()) == 7
    assert demo.events("push.succeeded")[0]["skus"][0]["stock_sent"] == 7
    assert counts(demo) == (1, 0, 1)


async def test_a_repeated_create_that_is_refused_says_nothing_of_the_first(demo):
    """Its intent stays, or the next push would make a second listing."""
    demo.sandbox.settings.search_delay_seconds = 3600
    await demo.store()

    async def tiktok():
        demo.sandbox.world.shop("demo").idempotency.clear()
        demo.sandbox.settings.max_price = 1000

    await lose_a_create(demo, until_retry=tiktok)
    assert demo.events("push.failed")
    assert (await demo.listing())["intent"]["kind"] == "create"
    demo.sandbox.settings.search_delay_seconds = 0
    demo.sandbox.settings.max_price = 9_999_999
    await demo.push("A-100")
    assert counts(demo) == (1, 0, 1)
    assert actions(demo) == ["created"]


@pytest.mark.parametrize("after", [True, False], ids=["done", "not done"])
async def test_dl13_a_product_registered_again_gets_a_listing_of_its_own(demo, sku, after):
    """Without the old link, with fresh stock; the former listing is left as it is (NV-1)."""
    await demo.store(skus=[sku(stock=7)])
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    former = only(demo)
    await demo.store(
        skus=[sku(stock=3)],
        content_version=5,
        former_listing={"tiktok_product_id": former.id, "deleted_at": datetime(2026, 11, 1, tzinfo=UTC)},
    )
    demo.sandbox.faults.add(Fault("drop", operation="create*", after=after))
    await demo.push("A-100")
    assert len(products(demo)) == 2
    new = next(product for product in products(demo) if product is not former)
    assert demo.events("push.succeeded")[-1]["tiktok_product_id"] == new.id
    assert sum(new.stock[new.content.skus[0].id].values()) == 3
    assert former.status == "ACTIVATE"
    await demo.push("A-100")
    assert actions(demo) == ["created", "created", "unchanged"]
    assert len(products(demo)) == 2


# Two workers, one product --------------------------------------------------------------------------------------


@pytest.fixture
def listings(demo):
    return Listings(demo.database)


CREATE = Intent("create", "key", 1, "f", {("", ""): 7})


async def test_rb8_of_two_workers_only_one_may_begin_a_create(listings):
    new = Listing("demo", "Z-1")
    first = await listings.intend(new, CREATE)
    assert first.intent == CREATE
    assert await listings.intend(new, replace(CREATE, key="other")) is None
    assert (await listings.get("demo/Z-1")).intent.key == "key"


async def test_nv3_a_worker_that_was_overtaken_records_nothing(listings, demo):
    slow = await listings.intend(Listing("demo", "Z-1"), CREATE)
    quick = await listings.record_push(
        replace(slow, tiktok_product_id="P1", skus=(ListedSku("", "", "Z-1", "S1", 7),)),
        [],
        review_due_at=None,
        now=demo.clock(),
    )
    stale = replace(slow, tiktok_product_id="P1", skus=())
    assert await listings.record_push(stale, [], review_due_at=None, now=demo.clock()) is None
    assert await listings.forget_intent(slow) is None
    assert await listings.start_over(slow) is None
    assert await listings.get("demo/Z-1") == quick
    assert quick.stock_sent == {("", ""): 7}


async def test_a_worker_that_lost_its_product_stops_without_a_word(demo):
    await demo.store()
    slow = demo.sandbox.faults.add(Fault("slow", operation="create*", seconds=0.5))
    await demo.command("A-100")
    await eventually(lambda: slow.hits)
    await demo.database["listings"].update_one({"_id": "demo/A-100"}, {"$inc": {"pushes": 1}})
    await demo.quiet()
    assert counts(demo) == (1, 0, 1)
    assert actions(demo) == ["created"], "the next attempt found what the first one had made"


# Reviews that are quicker than we are --------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["create*", "edit*"])
async def test_an_approval_that_comes_before_the_reply_is_noticed_at_once(demo, operation):
    """No clock is moved: the next poll is minutes away."""
    await demo.store()
    if operation == "edit*":
        await demo.push("A-100")
        demo.sandbox.reviews.decide_all()
        await eventually(lambda: len(demo.events("review.changed")) == 1)
        await demo.store(content={"name": "新しい"}, content_version=2)
    slow = demo.sandbox.faults.add(Fault("slow", operation=operation, after=True, seconds=1))
    await demo.command("A-100")
    await eventually(lambda: slow.hits and demo.sandbox.reviews.waiting())
    demo.sandbox.reviews.decide_all()
    await eventually(lambda: demo.sandbox.webhooks.waiting == 0)
    version = 2 if operation == "edit*" else 1

    def approved():
        return [event["content_version"] for event in demo.events("review.changed") if event["review"] == "approved"]

    await eventually(lambda: version in approved())
    assert approved() == list(range(1, version + 1))


async def test_ss11_a_verdict_about_older_content_does_not_win(demo):
    """The webhook about the first content comes late, and again: what is read then is the newer content's review."""
    await demo.store()
    await demo.push("A-100")
    demo.sandbox.settings.webhook_copies = 3
    product = only(demo)
    demo.sandbox.reviews.decide_all()
    await demo.store(content={"name": "新しい"}, content_version=2)
    await demo.push("A-100")
    demo.sandbox.reviews.reject(product, "名前に問題があります")
    await eventually(lambda: any(e["review"] == "rejected" for e in demo.events("review.changed")))
    await eventually(lambda: demo.sandbox.webhooks.waiting == 0)

    async def all_read():
        return "review_due_at" not in await demo.listing()

    await eventually(all_read)
    told = [(event["review"], event["content_version"]) for event in demo.events("review.changed")]
    assert told[-1] == ("rejected", 2)
    assert told.count(("rejected", 2)) == 1
    assert set(told) <= {("approved", 1), ("rejected", 2)}


async def test_a_webhook_that_comes_while_an_unchanged_listing_is_recorded_keeps_its_reading(listings, demo):
    """A search showed the listing in review; after the webhook it is read now, not at the next poll."""
    new = await listings.intend(Listing("demo", "Z-1"), CREATE)
    now = demo.clock()
    later = now + timedelta(minutes=5)
    made = await listings.record_push(replace(new, tiktok_product_id="P1"), [], review_due_at=later, now=now)
    await listings.notified("demo", "P1", "n-1", now)
    known = replace(made, notices=1)
    assert await listings.record_push(known, [], review_due_at=later, now=now, is_reading=False)
    document = await demo.listing("demo/Z-1")
    assert document["review_due_at"] == now


async def test_uploads_that_nobody_needs_any_more_are_forgotten(demo):
    indexes = await demo.database["images"].index_information()
    days = {
        one["key"][0][0]: one["expireAfterSeconds"] // 86400 for one in indexes.values() if "expireAfterSeconds" in one
    }
    assert days == {"uploaded_at": 180, "seen_at": 180}
