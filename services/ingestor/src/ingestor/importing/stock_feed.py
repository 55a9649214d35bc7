"""Joins two listings of the same products page by page, with a few pages in memory."""

import asyncio
import unicodedata
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ingestor.errors import UnexpectedReply
from ingestor.futureshop.searches import NUMBERS_PER_CHECK, ReadPage, all_stock, stock_of
from ingestor.records.mapping import Stock, to_stock
from ingestor.records.product_numbers import Listed, identify
from ingestor.records.source_map import SourceMap
from shopsync_runtime.cancelling import stop
from shopsync_runtime.chunks import batched

PAGES_AHEAD = 8
"""Stock pages kept at most: 800 products, while the largest product page has 250."""

_READ_AHEAD = 2
"""Stock pages read beyond those: about as many as correspond to one product page."""


@dataclass(slots=True)
class _StockPage:
    url: str | None
    next_url: str | None
    stocks: dict[str, Stock]
    unused: set[str]
    highest_id: int | None


@dataclass(frozen=True, slots=True)
class StockMark:
    """Where to continue the stock listing: at `url` (None: its first page), unless it is `done`."""

    url: str | None = None
    done: bool = False


class StockFeed:
    """The stock of the products of one page after the other. Leaving the block cancels requests in flight.

    Both listings have the same order, so the feed reads on until the page's products are found. A product that it does
    not find is searched by number. A wrong order therefore costs requests, but never yields wrong stock. From its first
    use the feed reads ahead, since a product page that takes longer than the interval between two calls would otherwise
    leave calls unused.
    """

    def __init__(self, read: ReadPage, table: SourceMap, mark: StockMark) -> None:
        self._read = read
        self._table = table
        self._pages: deque[_StockPage] = deque()
        self._next_url = mark.url
        self._done = mark.done
        self._queue: asyncio.Queue[_StockPage | Exception] = asyncio.Queue(_READ_AHEAD)
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reader is not None:
            await stop(self._reader)

    async def of(self, listed: Sequence[Listed]) -> dict[str, Stock]:
        """Stock by product number, without products that the stock search does not know. Raises FutureshopError."""
        wanted = {each.product_no for each in listed}
        ids = [each.upstream_id for each in listed if each.upstream_id is not None]
        last_id = max(ids) if len(ids) == len(listed) and ids else None
        while not self._done and not self._has(wanted) and not self._passed(last_id) and len(self._pages) < PAGES_AHEAD:
            await self._read_on()
        found = {number: page.stocks[number] for page in self._pages for number in wanted & page.stocks.keys()}
        for page in self._pages:
            page.unused -= wanted
        found |= await self._search_by_number(sorted(wanted - found.keys()))
        self._forget(last_id)
        return found

    def mark(self) -> StockMark:
        """Where to continue after a crash: the first stock page that may still be needed."""
        return StockMark(self._pages[0].url if self._pages else self._next_url, self._done and not self._pages)

    def _has(self, wanted: set[str]) -> bool:
        return wanted <= {number for page in self._pages for number in page.stocks}

    def _passed(self, last_id: int | None) -> bool:
        if last_id is None or not self._pages:
            return False
        reached = self._pages[-1].highest_id
        return reached is not None and reached >= last_id

    async def _read_on(self) -> None:
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_ahead(self._next_url), name="import-stock-ahead")
        page = await self._queue.get()
        if isinstance(page, Exception):
            self._reader = None
            raise page
        self._next_url, self._done = page.next_url, page.next_url is None
        self._pages.append(page)

    async def _read_ahead(self, url: str | None) -> None:
        """Read to the listing's end as the queue has room. An error is queued in its place."""
        try:
            while True:
                page = await self._page(url)
                await self._queue.put(page)
                if page.next_url is None:
                    return
                url = page.next_url
        except Exception as error:  # noqa: BLE001 - raised when it is taken from the queue
            await self._queue.put(error)

    async def _page(self, url: str | None) -> _StockPage:
        page = await self._read(all_stock(), url)
        if page.next_url is not None and page.next_url == url:
            raise UnexpectedReply("the stock listing does not end: nextUrl leads to the page it came from")
        listed = identify(page.records, self._table).listed
        stocks = {each.product_no: to_stock(each.record, self._table) for each in listed}
        ids = [each.upstream_id for each in listed if each.upstream_id is not None]
        highest = max(ids) if ids and len(ids) == len(listed) else None
        return _StockPage(url, page.next_url, stocks, set(stocks), highest)

    async def _search_by_number(self, product_nos: Sequence[str]) -> dict[str, Stock]:
        found: dict[str, Stock] = {}
        for chunk in batched([number for number in product_nos if searchable(number)], NUMBERS_PER_CHECK):
            page = await self._read(stock_of(chunk), None)
            for each in identify(page.records, self._table).listed:
                if each.product_no in chunk:
                    found[each.product_no] = to_stock(each.record, self._table)
        return found

    def _forget(self, last_id: int | None) -> None:
        while self._pages and (self._is_spent(self._pages[0], last_id) or len(self._pages) >= PAGES_AHEAD):
            self._pages.popleft()

    @staticmethod
    def _is_spent(page: _StockPage, last_id: int | None) -> bool:
        passed = last_id is not None and page.highest_id is not None and page.highest_id <= last_id
        return passed or not page.unused


def searchable(product_no: str) -> bool:
    """Whether it can be searched by number: that search separates numbers by commas."""
    return "," not in product_no and product_no == product_no.strip()


def search_form(product_no: str) -> str:
    """The number as a database may compare it, without letter case, character width and surrounding blanks.

    Such a search for `abc` may return `ABC`, which is another product but not an unexpected reply.
    """
    return unicodedata.normalize("NFKC", product_no).casefold().strip()
