"""One page ahead: what is asked for when, and what becomes of it."""

import asyncio
from datetime import UTC, datetime

import pytest

from ingestor.errors import Busy
from ingestor.futureshop.client import Page
from ingestor.importing.prefetching import PagePrefetcher, ProductPage
from ingestor.importing.stock_feed import PAGES_AHEAD, StockFeed, StockMark
from ingestor.records.product_numbers import Identified, Listed
from ingestor.records.source_map import SourceMap

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


class Pages:
    """Answers with an empty page, when it is let; its `next_url` is the URL that was asked for."""

    def __init__(self):
        self.asked, self.given_up, self.may = [], [], asyncio.Event()

    async def ask(self, url):
        self.asked.append(url)
        try:
            await self.may.wait()
        except asyncio.CancelledError:
            self.given_up.append(url)
            raise
        if url == "broken":
            raise Busy("HTTP 503")
        return ProductPage(url, Identified([], [], 0), {}, NOW, None)


async def test_a_page_that_was_asked_for_ahead_is_not_asked_for_again():
    pages = Pages()
    pages.may.set()
    async with PagePrefetcher(pages.ask) as ahead:
        assert (await ahead.page(None)).next_url is None
        ahead.fetch("2")
        assert (await ahead.page("2")).next_url == "2"
        assert (await ahead.page("3")).next_url == "3"
    assert pages.asked == [None, "2", "3"]


async def test_a_cancellation_that_is_lost_on_the_way_is_repeated():
    cancelled = []

    async def ask(url):
        while len(cancelled) < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(url)
        raise asyncio.CancelledError

    async with asyncio.timeout(120), PagePrefetcher(ask) as ahead:
        ahead.fetch("2")
        await asyncio.sleep(0)
    assert cancelled == ["2", "2"]


async def test_a_failure_is_told_when_its_page_is_wanted():
    pages = Pages()
    pages.may.set()
    async with PagePrefetcher(pages.ask) as ahead:
        ahead.fetch("broken")
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await ahead.page("broken")


@pytest.mark.parametrize("url", ["2", "broken"])
async def test_leaving_gives_up_what_is_under_way(url):
    pages = Pages()
    async with PagePrefetcher(pages.ask) as ahead:
        ahead.fetch(url)
        await asyncio.sleep(0)
        if url == "broken":
            pages.may.set()
            await asyncio.sleep(0)
    assert pages.asked == [url]
    assert pages.given_up == ([] if url == "broken" else [url])


class Stock:
    """Stock pages of one product each, as many as are asked for; page `broken` fails."""

    def __init__(self, broken=None):
        self.broken, self.asked = broken, []

    async def read(self, search, url):
        if "productNo" in search.params:
            return Page([], None)
        number = int(url or 0)
        self.asked.append(number)
        await asyncio.sleep(0)
        if number == self.broken:
            raise Busy("HTTP 503")
        return Page([{"id": number, "productNo": f"P{number}"}], str(number + 1))


async def settle():
    for _ in range(50):
        await asyncio.sleep(0)


async def test_stock_is_read_a_few_pages_ahead_and_no_more():
    stock = Stock()
    async with StockFeed(stock.read, SourceMap(), StockMark()) as feed:
        assert list(await feed.of([Listed("P0", 0, {})])) == ["P0"]
        await settle()
        assert 2 <= len(stock.asked) <= 5
        assert feed.mark() == StockMark("1"), "what was read ahead is read again after a crash"
    before = len(stock.asked)
    await settle()
    assert len(stock.asked) == before, "leaving ends it"


async def test_a_stock_page_that_fails_ahead_fails_the_page_that_needs_it():
    stock = Stock(broken=2)
    async with StockFeed(stock.read, SourceMap(), StockMark()) as feed:
        assert list(await feed.of([Listed("P0", 0, {})])) == ["P0"]
        assert list(await feed.of([Listed("P1", 1, {})])) == ["P1"]
        with pytest.raises(Busy):
            await feed.of([Listed("P2", 2, {})])


async def test_a_stock_listing_without_end_holds_few_pages():
    stock = Stock()
    async with StockFeed(stock.read, SourceMap(), StockMark()) as feed:
        for _ in range(5):
            assert await feed.of([Listed("unknown", None, {})]) == {}
            assert len(feed._pages) <= PAGES_AHEAD
    assert len(stock.asked) < 5 * PAGES_AHEAD
