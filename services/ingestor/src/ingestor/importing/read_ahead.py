"""Reading one page ahead: the next page is on its way while the present one is published."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from ingestor.importing.stock_feed import StockMark
from ingestor.records.identity import Identified
from ingestor.records.mapping import Stock
from shopsync_runtime.cancelling import stop


@dataclass(frozen=True, slots=True)
class Seen:
    """A product page with its stock. `observed_at` is not after the moment the product page was asked for.

    The stock may have been read a few calls earlier; it is taken once and orders nothing (ST-3). `stock` is where the
    stock listing stands after it; None when none is read.
    """

    next_url: str | None
    found: Identified
    stocks: Mapping[str, Stock]
    observed_at: datetime
    stock: StockMark | None


class Ahead:
    """The pages of one listing, at most one of them ahead. Leaving the block gives up the page under way.

    The position that is kept knows nothing of it: after a crash the page is asked for again. Without it a shop's
    turns would pass unused while a page is published.
    """

    def __init__(self, ask: Callable[[str | None], Coroutine[Any, Any, Seen]]) -> None:
        self._ask = ask
        self._url: str | None = None
        self._task: asyncio.Task[Seen] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if task is not None:
            await stop(task)
            if not task.cancelled():
                task.exception()  # looked at: nobody wants the page any more

    async def page(self, url: str | None) -> Seen:
        """The page at `url`, None for the first; raises what asking for it raised."""
        task, self._task = self._task, None
        if task is None or url != self._url:
            return await self._ask(url)
        return await task

    def fetch(self, url: str) -> None:
        """Ask for the page at `url`, which is wanted next."""
        self._url = url
        self._task = asyncio.create_task(self._ask(url), name="import-page-ahead")
