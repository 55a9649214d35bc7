"""One search over a shop's products in place of reading each unchanged listing (RB-9, LY-6)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from weakref import WeakValueDictionary

import structlog

from publisher.errors import Refused, Unavailable
from publisher.model import Job
from publisher.store import Jobs, Listings
from publisher.tiktok.remote_product import OverviewRow, overview_row
from publisher.tiktok.shop_api import PAGE_SIZE, ProductPage, ShopApi
from publisher.tiktok.shops import Shops

log = structlog.get_logger(__name__)

_FEW = 5
"""With fewer due jobs each reads its listing. Chosen: below it a search saves little."""
_JOBS_PER_PAGE = 2
"""A search has to save at least twice its calls: not every due job is about an unchanged listing."""
_MOST_PAGES = 100
"""TikTok returns at most 10,000 rows."""
_MOST_ROWS = 200_000
"""Rows kept of all shops together."""


@dataclass(slots=True)
class Overview:
    """Rows by product id, of products on sale or in review. `total`: the number of all products of the shop."""

    began: datetime
    rows: dict[str, OverviewRow] = field(default_factory=dict)
    total: int = 0
    failed: bool = False

    def add(self, page: ProductPage) -> None:
        """Of a product that shifted to a later page the later row counts."""
        self.total = page.total
        for row in page.products:
            shown = overview_row(row)
            if shown is None:
                self.rows.pop(row.id, None)
            else:
                self.rows[row.id] = shown


class OverviewCache:
    """One overview per shop, made when a push first needs it, dropped after `life`.

    It serves commands that came before its search began, and proves only what it shows: a product that is not in it
    has to be read.
    """

    def __init__(
        self, shops: Shops, jobs: Jobs, listings: Listings, *, life: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self._shops = shops
        self._jobs = jobs
        self._listings = listings
        self._life = life
        self._clock = clock
        self._kept: dict[str, Overview] = {}
        self._searching: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def lookup(self, job: Job, product_id: str) -> OverviewRow | None:
        """The overview's row of a product; None: the product has to be read.

        Waits for a search that is in progress. Raises PublisherError when the shop cannot be called.
        """
        overview = self._serving(job)
        if overview is None:
            async with self._searching.setdefault(job.shop_key, asyncio.Lock()):
                overview = self._serving(job) or await self._new(job.shop_key)
        return overview.rows.get(product_id) if overview is not None else None

    def _serving(self, job: Job) -> Overview | None:
        kept = self._fresh(job.shop_key)
        return kept if kept is not None and job.requested_at <= kept.began else None

    def _fresh(self, shop_key: str) -> Overview | None:
        kept = self._kept.get(shop_key)
        return kept if kept is not None and self._clock() - kept.began < self._life else None

    async def _new(self, shop_key: str) -> Overview | None:
        most = await self._pages_worth(shop_key)
        if most == 0:
            return None
        overview = Overview(self._clock())
        try:
            await _fill(overview, self._shops.api(shop_key), most)
        except (Unavailable, Refused) as error:
            # The pushes read their listings instead. Errors that would stop those readings too are not caught.
            overview.failed = True
            log.warning("search over a shop failed", shop_key=shop_key, code=error.code, reason=error.message)
        log.debug("overview", shop_key=shop_key, rows=len(overview.rows), total=overview.total)
        self._keep(shop_key, overview)
        return overview

    async def _pages_worth(self, shop_key: str) -> int:
        """How many pages a search may take now; 0: there are too few due jobs for so many listings."""
        last = self._fresh(shop_key)
        if last is not None and last.failed:
            return 0
        due = await self._jobs.due(shop_key, self._clock(), _MOST_PAGES * _JOBS_PER_PAGE)
        most = due // _JOBS_PER_PAGE
        if due < _FEW:
            return 0
        known = await self._listings.count(shop_key, most * PAGE_SIZE + 1)
        return most if _pages(max(known, last.total if last is not None else 0)) <= most else 0

    def _keep(self, shop_key: str, overview: Overview) -> None:
        self._kept.pop(shop_key, None)
        self._kept[shop_key] = overview
        while len(self._kept) > 1 and sum(len(kept.rows) for kept in self._kept.values()) > _MOST_ROWS:
            del self._kept[next(iter(self._kept))]
        loop = asyncio.get_running_loop()
        loop.call_later(self._life.total_seconds(), self._forget, shop_key, overview.began)

    def _forget(self, shop_key: str, began: datetime) -> None:
        kept = self._kept.get(shop_key)
        if kept is not None and kept.began == began:
            del self._kept[shop_key]


async def _fill(overview: Overview, api: ShopApi, most: int) -> None:
    token = ""
    for _ in range(most):
        page = await api.all_products(token)
        overview.add(page)
        token = page.next_token
        if not token or _pages(page.total) > most:
            return


def _pages(products: int) -> int:
    return min(_MOST_PAGES, ceil(products / PAGE_SIZE))
