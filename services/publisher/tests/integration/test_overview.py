"""A timed sync finds by one search what is as it was left; everything else is read (RB-9, LY-6)."""

import asyncio
from datetime import timedelta

import pytest

from publisher.pushing import overview
from publisher.store import Jobs
from publisher.tiktok import shop_api
from shopsync_sandbox.tiktok import Fault
from shopsync_sandbox.tiktok.api import products as products_api
from shopsync_sandbox.tiktok.products.search import search
from shopsync_testkit.polling import eventually


def names(count):
    return [f"P-{number:03}" for number in range(count)]


def remote(world, product_no):
    shop = world.sandbox.world.shop("demo")
    return shop.products[next(iter(shop.by_seller_sku[product_no]))]


def told(world, product_no):
    return [event["action"] for event in world.events("push.succeeded") if event["product_no"] == product_no]


def searches(world):
    return world.sandbox.journal.requests["search_products"]


def read(world):
    """Product numbers of the calls of Get Product."""
    by_id = {product.id: product for product in world.sandbox.world.shop("demo").products.values()}
    reads = [entry for entry in world.sandbox.journal.entries if entry.operation == "get_product"]
    return sorted(by_id[entry.path.rpartition("/")[2]].content.skus[0].seller_sku for entry in reads)


@pytest.fixture
def listed(demo):
    """Push so many products; approved and read, unless they stay under review. There are no webhooks."""

    async def make(count, *, approved=True):
        demo.sandbox.settings.webhook_url = None
        for product_no in names(count):
            await demo.store(product_no)
        await demo.push(*names(count))
        if approved:
            demo.sandbox.reviews.decide_all()
            demo.clock.forward(minutes=6)

            async def all_read():
                due = {"review_due_at": {"$exists": True}}
                return await demo.database["listings"].count_documents(due) == 0

            await eventually(all_read, what="every review read")
        demo.sandbox.journal.reset()

    return make


@pytest.fixture
def sync(demo):
    """Carry out the commands of a scheduled sync, all due at the same moment."""

    async def run(*product_nos, reason="scheduled"):
        deliveries = [demo._delivery(product_no, "demo", reason) for product_no in product_nos]
        at = demo.clock() + timedelta(seconds=20)
        await Jobs(demo.database).request([delivery.event for delivery in deliveries], at)
        demo.clock.forward(seconds=20)
        await demo.quiet()

    return run


async def test_scenario_46_51_83_84_a_sync_of_120_reads_only_what_is_not_as_it_was_left(demo, listed, sync):
    await listed(120)
    hidden, edited, deleted = (remote(demo, product_no) for product_no in ("P-007", "P-050", "P-111"))
    demo.sandbox.lifecycle.hide(hidden)
    demo.sandbox.edit_title(edited, "店で直した名前")
    demo.sandbox.reviews.decide_all()
    demo.sandbox.lifecycle.delete(deleted)
    await sync(*names(120))
    assert searches(demo) == 2
    assert read(demo) == ["P-007", "P-050", "P-111"]
    journal = demo.sandbox.journal
    assert (journal.done["edits"], journal.requests["activate_products"], journal.done["creates"]) == (1, 1, 0)
    demo.sandbox.reviews.decide_all()
    assert (hidden.status, edited.content.title, deleted.status) == ("ACTIVATE", "綿の靴下", "DELETED")
    assert told(demo, "P-007") == ["created", "relisted"]
    assert told(demo, "P-050") == ["created", "edited"]
    assert [event["code"] for event in demo.events("push.failed")] == ["deleted_in_seller_center"]
    rest = set(names(120)) - {"P-007", "P-050", "P-111"}
    assert {tuple(told(demo, product_no)) for product_no in rest} == {("created", "unchanged")}
    assert {event["review"] for event in demo.events("push.succeeded") if event["action"] == "unchanged"} == {"live"}
    assert await demo.database["listings"].count_documents({"review.state": "live", "review_due_at": None}) == len(rest)


async def test_nv4_a_product_switched_off_while_the_search_runs_is_not_sent(demo, listed, sync):
    """Its listing was hidden by the seller: a push would put it on sale again."""
    await listed(6)
    hidden = remote(demo, "P-003")
    demo.sandbox.lifecycle.hide(hidden)
    slow = demo.sandbox.faults.add(Fault("slow", operation="search*", seconds=1.0))
    syncing = asyncio.create_task(sync(*names(6)))
    await eventually(lambda: slow.hits, what="the slow search")
    await demo.store("P-003", sync_enabled=False)
    await syncing
    assert searches(demo) == 1
    assert [event["why"] for event in demo.events("push.skipped")] == ["sync_disabled"]
    assert hidden.status == "SELLER_DEACTIVATED"
    assert demo.sandbox.journal.requests["activate_products"] == 0


async def test_listings_still_under_review_are_known_by_their_rows(demo, listed, sync):
    await listed(6, approved=False)
    await sync(*names(6))
    assert (searches(demo), read(demo)) == (1, [])
    assert {(event["action"], event["review"]) for event in demo.events("push.succeeded")[6:]} == {
        ("unchanged", "in_review")
    }
    demo.sandbox.reviews.reject(remote(demo, "P-003"), "誇大な表現")
    await sync(*names(6))
    assert (searches(demo), read(demo)) == (2, ["P-003"])
    assert [event["product_no"] for event in demo.events("review.changed")] == ["P-003"]


async def test_few_pushes_read_their_listings(demo, listed, sync):
    await listed(8)
    await sync(*names(4))
    assert (searches(demo), read(demo)) == (0, names(4))


async def test_few_pushes_of_a_large_shop_read_their_listings(demo, listed, sync, monkeypatch):
    for module in (overview, shop_api):
        monkeypatch.setattr(module, "PAGE_SIZE", 2)
    await listed(12)
    await sync(*names(6))
    assert (searches(demo), read(demo)) == (0, names(6))


async def test_an_overview_older_than_the_command_is_not_used(demo, listed, sync):
    """Hidden after the first search: the second sync comes within the life of its overview."""
    await listed(6)
    await sync(*names(6))
    product = remote(demo, "P-002")
    demo.sandbox.lifecycle.hide(product)
    await demo.push("P-002", reason="auto")
    assert (searches(demo), read(demo), product.status) == (1, ["P-002"], "PENDING")
    demo.sandbox.lifecycle.hide(remote(demo, "P-003"))
    await sync(*names(6))
    assert (searches(demo), remote(demo, "P-003").status) == (2, "PENDING")


async def test_a_product_that_shifted_off_the_pages_is_read(demo, listed, sync, monkeypatch):
    """Newest change first: what is hidden between two pages jumps to the first one, which is read already."""
    for module in (overview, shop_api):
        monkeypatch.setattr(module, "PAGE_SIZE", 3)
    await listed(6)
    pages = []

    def shifting(world, shop, *args, **kwargs):
        page = search(world, shop, *args, **kwargs)
        pages.append([row["skus"][0]["seller_sku"] for row in page["products"]])
        if len(pages) == 1:
            shown = set(pages[0])
            last = next(product_no for product_no in names(6) if product_no not in shown)
            demo.sandbox.lifecycle.hide(remote(demo, last))
        return page

    monkeypatch.setattr(products_api, "search", shifting)
    await sync(*names(6))
    (missing,) = set(names(6)) - {product_no for page in pages for product_no in page}
    assert (len(pages), read(demo)) == (2, [missing])
    assert told(demo, missing) == ["created", "relisted"]


@pytest.mark.parametrize("kind", ["error", "html", "gateway_timeout"])
async def test_when_the_search_fails_listings_are_read(demo, listed, sync, kind):
    await listed(6)
    failing = demo.sandbox.faults.add(Fault(kind, operation="search*", times=None))
    await sync(*names(6))
    assert (failing.hits, read(demo)) == (1, names(6))
    await sync(*names(6))
    assert failing.hits == 1, "not again while it failed a moment ago"
    assert {tuple(told(demo, product_no)) for product_no in names(6)} == {("created", "unchanged", "unchanged")}
    assert demo.events("push.failed") == []


async def test_rb11_a_search_that_is_limited_waits_and_goes_on(demo, listed, sync):
    await listed(6)
    demo.sandbox.faults.add(Fault("rate_limit", operation="search*", seconds=1))
    await sync(*names(6))
    assert (searches(demo), read(demo)) == (2, [])
    assert demo.events("push.failed") == []


async def test_ly3_what_a_row_does_not_show_is_seen_by_the_time_of_the_change(demo, listed, sync):
    await listed(6)
    product = remote(demo, "P-001")
    product.content = product.content.model_copy(update={"description": "<p>店で直した説明</p>"})
    product.update_time = demo.sandbox.world.now()
    await sync(*names(6))
    assert read(demo) == ["P-001"]
    assert told(demo, "P-001") == ["created", "edited"]


async def test_ly3_a_webhook_calls_for_a_reading_even_if_nothing_shows(demo, listed, sync):
    """TikTok does not document what changes its time of the last change."""
    await listed(6)
    product = remote(demo, "P-001")
    product.content = product.content.model_copy(update={"description": "<p>店で直した説明</p>"})
    demo.sandbox.settings.webhook_url = f"{demo.url}/webhooks/tiktok"
    shop = demo.sandbox.world.shop("demo")
    demo.sandbox.webhooks.product_edited(shop, product, ["description"], by_seller=True)

    async def heard():
        return (await demo.listing("demo/P-001")).get("notices", 0) > 0

    await eventually(heard)
    await sync(*names(6))
    assert "P-001" in read(demo)
    assert told(demo, "P-001") == ["created", "edited"]


async def test_a_sale_causes_one_reading(demo, listed, sync):
    await listed(6)
    product = remote(demo, "P-001")
    demo.sandbox.set_stock(product, product.content.skus[0].id, 3)
    await sync(*names(6))
    await sync(*names(6))
    assert (searches(demo), read(demo)) == (2, ["P-001"])
    assert told(demo, "P-001") == ["created", "unchanged", "unchanged"]


async def test_changed_products_are_read_before_they_are_edited(demo, listed, sync):
    await listed(6)
    await demo.store("P-004", content={"name": "新しい"}, content_version=2)
    await sync(*names(6))
    assert (searches(demo), read(demo)) == (1, ["P-004"])
    assert told(demo, "P-004") == ["created", "edited"]
