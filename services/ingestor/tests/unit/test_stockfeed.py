"""The join of products and stock: right in any order, with bounded memory, and after a crash at any page."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestor.errors import UnexpectedReply
from ingestor.futureshop.client import INVENTORY, Page
from ingestor.importing.stock_feed import PAGES_AHEAD, StockFeed, StockMark
from ingestor.records.product_numbers import Listed
from ingestor.records.source_map import SourceMap

TABLE = SourceMap()


def entry(number):
    counts = [{"verticalNo": "", "horizontalNo": "", "count": number * 10}]
    return {"id": number, "productNo": f"P{number}", "inventoryInfo": {"regular": {"inventoryList": counts}}}


class Inventory:
    """inventorySearch over some products, cut into pages; counts what is asked."""

    def __init__(self, ids, size):
        self.ids, self.size, self.asked, self.lookups = list(ids), size, [], 0

    async def read(self, search, url):
        assert search.path == INVENTORY
        if wanted := search.params.get("productNo"):
            self.lookups += 1
            numbers = set(wanted.split(","))
            return Page([entry(number) for number in self.ids if f"P{number}" in numbers], None)
        start = int(url or 0)
        self.asked.append(start)
        following = start + self.size
        records = [entry(number) for number in self.ids[start:following]]
        return Page(records, str(following) if following < len(self.ids) else None)


def listed(ids, *, with_id=True):
    return [Listed(f"P{number}", number if with_id else None, {}) for number in ids]


def pages(ids, size):
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def told(stocks):
    return {number: stock.regular[("", "")] for number, stock in stocks.items()}


async def test_both_listings_are_read_once():
    inventory = Inventory(range(1000), 100)
    feed = StockFeed(inventory.read, TABLE, StockMark())
    for page in pages(list(range(1000)), 250):
        assert told(await feed.of(listed(page))) == {f"P{number}": number * 10 for number in page}
        assert len(feed._pages) <= 1
    assert inventory.asked == list(range(0, 1000, 100))
    assert inventory.lookups == 0


@settings(max_examples=60, deadline=None)
@given(data=st.data())
async def test_any_difference_of_the_listings_and_any_crash_gives_the_same_join(data):
    """Products may lack stock, stock may lack products, the order may differ, and ids may be unknown."""
    products = data.draw(st.lists(st.integers(0, 400), unique=True, max_size=120).map(sorted))
    stocked = data.draw(st.lists(st.integers(0, 400), unique=True, max_size=120).map(sorted))
    if data.draw(st.booleans()):
        stocked = data.draw(st.permutations(stocked))
    with_id = data.draw(st.booleans())
    inventory = Inventory(stocked, data.draw(st.integers(1, 40)))
    feed = StockFeed(inventory.read, TABLE, StockMark())
    for page in pages(products, data.draw(st.integers(1, 50))):
        stocks = await feed.of(listed(page, with_id=with_id))
        assert told(stocks) == {f"P{number}": number * 10 for number in page if number in set(stocked)}
        assert len(feed._pages) <= PAGES_AHEAD
        if data.draw(st.booleans(), label="crash"):
            async with feed:
                feed = StockFeed(inventory.read, TABLE, feed.mark())
    async with feed:
        pass


async def test_after_a_crash_it_reads_on_where_stock_is_still_needed():
    inventory = Inventory(range(1000), 100)
    feed = StockFeed(inventory.read, TABLE, StockMark())
    await feed.of(listed(range(250)))
    assert feed.mark() == StockMark("200", done=False)


async def test_a_cancellation_that_is_lost_on_the_way_does_not_hold_the_import_up():
    """PyMongo loses one that arrives as its write ends; the reader then goes on until its queue is full."""
    inventory, lost = Inventory(range(1000), 100), []

    async def read(search, url):
        if url is not None and not lost:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost.append(url)
        return await inventory.read(search, url)

    async with asyncio.timeout(120), StockFeed(read, TABLE, StockMark()) as feed:
        await feed.of(listed(range(100)))
    assert lost == ["100"]


async def test_the_end_is_remembered():
    inventory = Inventory(range(10), 100)
    feed = StockFeed(inventory.read, TABLE, StockMark())
    await feed.of(listed(range(10)))
    assert feed.mark().done
    resumed = StockFeed(inventory.read, TABLE, feed.mark())
    assert await resumed.of(listed([99])) == {}
    assert inventory.asked == [0]


async def test_a_stock_page_that_leads_to_itself_is_no_listing():
    async def read(search, url):
        return Page([entry(1)], "again")

    feed = StockFeed(read, TABLE, StockMark())
    with pytest.raises(UnexpectedReply, match="does not end"):
        await feed.of(listed([5, 6, 7]))


async def test_numbers_with_a_comma_cannot_be_asked_for():
    inventory = Inventory([], 100)
    feed = StockFeed(inventory.read, TABLE, StockMark())
    assert await feed.of([Listed("A,B", 1, {})]) == {}
    assert inventory.lookups == 0
