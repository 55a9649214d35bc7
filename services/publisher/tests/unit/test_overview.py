import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publisher.errors import Refused, ShopResting, Unavailable
from publisher.model import Job, Listing, Review
from publisher.pushing import overview
from publisher.pushing.outcomes import adopted, confirmed
from publisher.pushing.overview import OverviewCache
from publisher.tiktok.remote_product import OverviewRow, RemoteProduct, overview_row, read_product
from publisher.tiktok.shop_api import ProductPage
from shopsync_testkit.polling import eventually

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LIFE = timedelta(minutes=2)
LIVE = RemoteProduct("P1", "ACTIVATE", "APPROVED", "", (), (), (), "", core="c", shown="s")


def job(shop="demo", requested_at=NOW):
    return Job(shop, "A-100", "c", "auto", requested_at, 0, 0, 1, "w")


def row(number):
    return replace(LIVE, id=str(number))


class Shop:
    """Fakes of all that overviews need, for a shop with that many products."""

    def __init__(self, products=10, due=200, listed=None):
        self.products = products
        self.waiting = due
        self.listed = products if listed is None else listed
        self.searched: list[str] = []
        self.now = NOW
        self.error: Exception | None = None
        self.free = asyncio.Event()
        self.free.set()

    def api(self, shop_key):
        return self

    async def due(self, shop_key, now, limit):
        return min(self.waiting, limit)

    async def count(self, shop_key, limit):
        return min(self.listed, limit)

    async def all_products(self, page_token=""):
        self.searched.append(page_token)
        await self.free.wait()
        start = int(page_token or 0)
        if self.error is not None and start:
            raise self.error
        end = min(start + 100, self.products)
        token = str(end) if end < self.products else ""
        return ProductPage([row(number) for number in range(start, end)], self.products, token)

    def overviews(self, life=LIFE):
        fake: Any = self
        return OverviewCache(fake, fake, fake, life=life, clock=lambda: self.now)


async def test_however_many_pushes_need_it_at_once_there_is_one_search():
    shop = Shop(products=250)
    overviews = shop.overviews()
    shop.free.clear()
    asking = [asyncio.create_task(overviews.lookup(job(), str(number))) for number in range(50)]
    await eventually(lambda: shop.searched)
    shop.free.set()
    assert await asyncio.gather(*asking) == [OverviewRow("live", "s")] * 50
    assert shop.searched == ["", "100", "200"]


async def test_one_that_is_cancelled_leaves_the_search_to_the_others():
    shop = Shop()
    overviews = shop.overviews()
    shop.free.clear()
    first, second = (asyncio.create_task(overviews.lookup(job(), "1")) for _ in range(2))
    await eventually(lambda: shop.searched)
    first.cancel()
    shop.free.set()
    assert await second == OverviewRow("live", "s")
    assert first.cancelled()


@pytest.mark.parametrize(
    ("due", "listed", "calls"),
    [(1, 1, 0), (4, 4, 0), (5, 5, 1), (5, 300, 0), (6, 300, 3), (200, 10_000, 100), (199, 10_000, 0)],
)
async def test_a_search_is_made_when_it_saves_twice_its_calls(due, listed, calls):
    shop = Shop(products=listed, due=due)
    seen = await shop.overviews().lookup(job(), "0")
    assert len(shop.searched) == calls
    assert seen == (OverviewRow("live", "s") if calls else None)


async def test_a_shop_with_many_more_products_than_ours_is_searched_no_further_than_it_pays():
    shop = Shop(products=5_000, due=10, listed=10)
    overviews = shop.overviews()
    assert await overviews.lookup(job(), "0") is not None
    assert await overviews.lookup(job(), "4000") is None
    assert len(shop.searched) == 1
    later = job(requested_at=NOW + timedelta(seconds=1))
    shop.now = later.requested_at
    assert await overviews.lookup(later, "0") is None, "its size is known by now"
    assert len(shop.searched) == 1


async def test_of_more_than_ten_thousand_the_first_ones_are_known():
    shop = Shop(products=12_000)
    overviews = shop.overviews()
    assert await overviews.lookup(job(), "9999") is not None
    assert await overviews.lookup(job(), "10000") is None
    assert len(shop.searched) == 100


async def test_it_serves_commands_that_were_there_before_it_and_is_renewed_in_time():
    shop = Shop()
    overviews = shop.overviews()
    await overviews.lookup(job(), "1")
    shop.now = NOW + timedelta(seconds=30)
    await overviews.lookup(job(), "1")
    assert len(shop.searched) == 1
    await overviews.lookup(job(requested_at=NOW + timedelta(seconds=1)), "1")
    assert len(shop.searched) == 2
    shop.now += LIFE
    await overviews.lookup(job(), "1")
    assert len(shop.searched) == 3


@pytest.mark.parametrize("error", [Unavailable("http_503", "x"), Refused("12052180", "more than 10,000")])
async def test_a_search_that_fails_is_not_repeated_at_once_and_what_it_showed_counts(error):
    shop = Shop(products=250)
    shop.error = error
    overviews = shop.overviews()
    assert await overviews.lookup(job(), "7") is not None
    assert await overviews.lookup(job(), "107") is None
    shop.now += timedelta(seconds=1)
    assert await overviews.lookup(job(requested_at=shop.now), "7") is None
    assert shop.searched == ["", "100"]
    shop.now, shop.error = shop.now + LIFE, None
    assert await overviews.lookup(job(requested_at=shop.now), "107") is not None


async def test_a_stopped_shop_reschedules_the_push():
    shop = Shop(products=250)
    shop.error = ShopResting("rate", "x", timedelta(seconds=9))
    overviews = shop.overviews()
    with pytest.raises(ShopResting):
        await overviews.lookup(job(), "7")
    shop.error = None
    assert await overviews.lookup(job(), "207") is not None


async def test_overviews_expire_and_their_memory_is_bounded(monkeypatch):
    shop = Shop(products=200)
    overviews = shop.overviews(life=timedelta(milliseconds=50))
    await overviews.lookup(job("a"), "1")
    await eventually(lambda: not overviews._kept)
    monkeypatch.setattr(overview, "_MOST_ROWS", 500)
    overviews = shop.overviews()
    for name in "abc":
        await overviews.lookup(job(name), "1")
    assert list(overviews._kept) == ["b", "c"]


# What a row proves -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "audit", "row"),
    [
        ("ACTIVATE", "APPROVED", OverviewRow("live", "s")),
        ("ACTIVATE", "NONE", OverviewRow("live", "s")),
        ("ACTIVATE", "AUDITING", OverviewRow("in_review", "c")),
        ("PENDING", "AUDITING", OverviewRow("in_review", "c")),
        ("ACTIVATE", "", None),
        ("ACTIVATE", "FAILED", None),
        ("PENDING", "PRE_APPROVED", None),
        ("FAILED", "FAILED", None),
        ("DRAFT", "NONE", None),
        ("SELLER_DEACTIVATED", "NONE", None),
        ("PLATFORM_DEACTIVATED", "NONE", None),
        ("FREEZE", "NONE", None),
        ("DELETED", "NONE", None),
        ("UNKNOWN", "AUDITING", None),
    ],
)
def test_only_rows_on_sale_or_in_review_count(status, audit, row):
    assert overview_row(replace(LIVE, status=status, audit=audit)) == row


def test_a_product_hidden_while_the_pages_were_read_is_forgotten():
    shown = overview.Overview(NOW)
    shown.add(ProductPage([LIVE], 1, ""))
    shown.add(ProductPage([replace(LIVE, status="SELLER_DEACTIVATED", audit="NONE")], 1, ""))
    assert shown.rows == {}


ROW = {
    "id": "1",
    "status": "ACTIVATE",
    "audit": {"status": "APPROVED"},
    "title": "綿の靴下",
    "update_time": 1_760_000_000,
    "skus": [{"id": "2", "seller_sku": "A-100", "price": {"tax_exclusive_price": "1980"}}],
}


@pytest.mark.parametrize(
    "change",
    [
        {"title": "別の名前"},
        {"update_time": 1_760_000_001},
        {"skus": []},
        {"update_time": None},
        {"skus": [{"id": "2", "seller_sku": "A-101", "price": {"tax_exclusive_price": "1980"}}]},
        {"skus": [{"id": "2", "seller_sku": "A-100", "price": {"tax_exclusive_price": "1981"}}]},
    ],
)
def test_ly3_a_row_shows_title_sku_names_prices_and_the_time_of_the_change(change):
    read = {**ROW, "description": "<p>x</p>", "main_images": []}
    assert read_product(ROW).shown == read_product(read).shown
    assert read_product(ROW | change).shown != read_product(ROW).shown


def listing(state="approved", **changes):
    return Listing("demo", "A-100", "P1", review=Review(state, 1), core="c", live_shown="s", **changes)


@pytest.mark.parametrize("state", ["approved", "live"])
def test_a_live_row_confirms_a_listing_that_was_read_so(state):
    live = OverviewRow("live", "s")
    assert confirmed(listing(state), live) == "live"
    assert confirmed(listing(state), OverviewRow("live", "other")) is None
    assert confirmed(replace(listing(state), live_shown=None), live) is None


@pytest.mark.parametrize(
    "state", ["in_review", "rejected", "deactivated", "frozen", "deleted", "pre_approved", "draft"]
)
def test_what_was_read_since_counts_more_than_a_row(state):
    assert confirmed(listing(state), OverviewRow("live", "s")) is None
    assert confirmed(listing(state), OverviewRow("in_review", "c")) == ("in_review" if state == "in_review" else None)
    assert confirmed(replace(listing(), review=None), OverviewRow("live", "s")) is None


def test_a_row_in_review_confirms_what_we_sent_and_nothing_else():
    assert confirmed(listing("in_review"), OverviewRow("in_review", "other")) is None
    assert confirmed(replace(listing("in_review"), core=None), OverviewRow("in_review", "c")) is None
    assert confirmed(listing(), OverviewRow("in_review", "c")) is None


def test_only_a_reading_of_our_content_is_learned():
    seen = replace(LIVE, digest="d")
    unread = replace(listing(), live_shown=None)
    assert adopted(unread, seen).live_shown == "s"
    assert adopted(replace(unread, live_digest="d"), seen).live_shown == "s"
    assert adopted(replace(listing(), live_digest="ours"), seen).live_shown is None
    assert adopted(replace(listing(), core="other"), seen).live_shown is None
    assert adopted(listing(), replace(seen, audit="AUDITING")).live_shown is None
    assert adopted(listing(), LIVE).live_shown is None, "a search row is no reading"
    assert adopted(unread, replace(seen, shown="")).live_shown is None
