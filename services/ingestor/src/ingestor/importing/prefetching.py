"""Reads one page ahead: the next page is requested while the present one is published."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from ingestor.importing.stock_feed import StockMark
from ingestor.records.mapping import Stock
from ingestor.records.product_numbers import Identified
from shopsync_runtime.cancelling import stop


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A product page with its stock. `observed_at` is not after the time at which the product page was requested.

    The stock may have been read a few calls earlier. It is imported only once, so its time does not matter (ST-3).
    `stock` is the position in the stock listing after the page; None when none is read.
    """

    next_url: str | None
    found: Identified
    stocks: Mapping[str, Stock]
    observed_at: datetime
    stock: StockMark | None


class PagePrefetcher:
    """Reads the pages of one listing, at most one ahead. Leaving the block cancels a request in flight.

    The stored position does not include the page ahead, so after a crash it is requested again. Without reading ahead,
    a shop's calls would go unused while a page is published.
    """

    def __init__(self, ask: Callable[[str | None], Coroutine[Any, Any, ProductPage]]) -> None:
        self._request = ask
        self._url: str | None = None
        self._task: asyncio.Task[ProductPage] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if task is not None:
            await stop(task)
            if not task.cancelled():
                task.exception()  # retrieved, so that asyncio does not log it; the page is no longer needed

    async def page(self, url: str | None) -> ProductPage:
        """The page at `url`, None for the first. Raises the error of its request."""
        task, self._task = self._task, None
        if task is None or url != self._url:
            return await self._request(url)
        return await task

    def fetch(self, url: str) -> None:
        """Start the request for the page at `url`, which is needed next."""
        self._url = url
        self._task = asyncio.create_task(self._request(url), name="import-page-ahead")
