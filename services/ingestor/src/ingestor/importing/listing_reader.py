"""Reads the pages of an import. Events are acknowledged and the position is stored before the next page."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson
import structlog

from ingestor import metrics
from ingestor.futureshop.client import Page, Search
from ingestor.futureshop.searches import ReadPage, all_numbers, all_products, changed_in
from ingestor.ids import changed_id
from ingestor.importing.enumeration import PageFacts, check_end, doubts_of
from ingestor.importing.prefetching import PagePrefetcher, ProductPage
from ingestor.importing.stock_feed import StockFeed, StockMark
from ingestor.model import ImportRun
from ingestor.records.mapping import Stock, to_product
from ingestor.records.preorder import next_switch
from ingestor.records.product_numbers import Listed, fault_of, identify
from ingestor.records.source_map import SourceMap
from ingestor.records.values import Unreadable
from ingestor.store import ImportStore, PresenceStore
from ingestor.windows import windows
from shopsync_contracts import PlainEvent
from shopsync_contracts.events import ImportMode, ProductChanged
from shopsync_contracts.times import to_the_millisecond
from shopsync_contracts.topics import PRODUCT_CHANGES
from shopsync_runtime import EventPublisher, Lease, failpoint
from shopsync_runtime.tracing import Attributes, product_span, span

log = structlog.get_logger(__name__)

_ENVELOPE_ROOM = 4096
"""Bytes of a record that are not the product: envelope, key, headers, framing."""

_AT_ONCE = 25
"""Products mapped before other tasks may run: about 5 ms, a fraction of the interval between two calls."""


@dataclass(frozen=True, slots=True)
class ListingFormat:
    """The fields of futureshop's records, and how many products to ask for per page."""

    table: SourceMap
    page_size: int


class ListingReader:
    """Reads every page of a shop's listing, with two product pages and a few stock pages in memory."""

    def __init__(
        self,
        imports: ImportStore,
        presence: PresenceStore,
        events: EventPublisher,
        listing: ListingFormat,
        *,
        clock: Callable[[], datetime],
        on_page: Callable[[ImportRun], None],
    ) -> None:
        self._imports = imports
        self._presence = presence
        self._events = events
        self._table = listing.table
        self._page_size = listing.page_size
        self._clock = clock
        self._on_page = on_page

    async def read(self, run: ImportRun, lease: Lease, read_page: ReadPage) -> None:
        """Read from the run's position to the end and move on to `proving`.

        Raises FutureshopError when the listing cannot be read to its end. Pages read before stay applied (IM-8).
        """
        mode = None if run.mode == "enumerate" else run.mode

        async def read(search: Search, url: str | None) -> Page:
            lease.check()
            return await read_page(search, url)

        async def ask(url: str | None) -> ProductPage:
            observed_at = self._observed_at(run)
            page = await read(self._search(run), url)
            found = identify(page.records, self._table)
            stocks = {} if mode is None else await feed.of(found.listed)
            return ProductPage(page.next_url, found, stocks, observed_at, None if mode is None else feed.mark())

        feed = StockFeed(read, self._table, StockMark(run.position.stock_url, run.position.stock_done))
        async with feed, PagePrefetcher(ask) as ahead:
            while run.state == "reading":
                seen = await ahead.page(run.position.products_url)
                lease.check()
                if seen.next_url not in (None, run.position.products_url):
                    ahead.fetch(seen.next_url)
                with span("import page", begins=True, attributes=_attributes(run, seen)):
                    if mode is not None:
                        await self._publish(run, mode, seen)
                    failpoint("import_page_published")
                    await self._take(run, seen)
                    await self._imports.save(run, lease.token)
                failpoint("import_page_saved")
                self._on_page(run)

    def _search(self, run: ImportRun) -> Search:
        """The listing to read."""
        if run.interval is not None:
            return changed_in(windows(run.interval)[run.position.window], self._page_size)
        return (all_numbers if run.mode == "enumerate" else all_products)(self._page_size)

    def _observed_at(self, run: ImportRun) -> datetime:
        """The time before the page is requested, but never before the import's start, as replicas' clocks differ."""
        now = to_the_millisecond(self._clock())
        return max(now, run.started_at) if run.started_at else now

    async def _publish(self, run: ImportRun, mode: ImportMode, seen: ProductPage) -> None:
        events = []
        for number, each in enumerate(seen.found.listed):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            try:
                events.append(self._changed(run, mode, each, seen.stocks.get(each.product_no), seen.observed_at))
            except Unreadable as problem:
                self._refuse(run, each.product_no, str(problem))
        await self._events.publish_all([(PRODUCT_CHANGES, event) for event in events])
        run.counts.changed += len(events)
        metrics.PRODUCTS.labels(run.shop_key, "changed").inc(len(events))

    def _changed(
        self, run: ImportRun, mode: ImportMode, each: Listed, stock: Stock | None, observed_at: datetime
    ) -> PlainEvent:
        product = to_product(each.record, stock, self._table, observed_at=observed_at)
        if len(product) > PRODUCT_CHANGES.max_message_bytes - _ENVELOPE_ROOM:
            raise Unreadable("product", f"is {len(product)} bytes as a message; at most 2 MiB can be carried")
        run.switches(next_switch(each.record, self._table, after=observed_at))
        body = {
            "shop_key": run.shop_key,
            "product_no": each.product_no,
            "mode": mode,
            "observed_at": observed_at,
            "import_id": run.id,
            "product": orjson.Fragment(product),
        }
        about = {
            "shopsync.shop_key": run.shop_key,
            "shopsync.product_no": each.product_no,
            "shopsync.import_id": run.id,
        }
        with product_span("product.changed", attributes=about):
            return self._events.plain_event(
                ProductChanged,
                body,
                subject=f"{run.shop_key}/{each.product_no}",
                # A product deleted and registered again while we read is listed twice, so it needs two ids.
                event_id=changed_id(run.reading_id, each.product_no, str(each.upstream_id)),
                time=self._clock(),
            )

    def _refuse(self, run: ImportRun, product_no: str, reason: str) -> None:
        run.refuse(product_no, reason)
        metrics.PRODUCTS.labels(run.shop_key, "refused").inc()
        log.warning("product refused", shop_key=run.shop_key, product_no=product_no, import_id=run.id, reason=reason)

    async def _take(self, run: ImportRun, seen: ProductPage) -> None:
        """Mark the products as present and move the position past the page."""
        position, found = run.position, seen.found
        position.page += 1
        seen_before = await self._presence.note_seen(
            run.shop_key,
            found.listed,
            import_id=run.reading_id,
            page=position.page,
            at=seen.observed_at,
            window=run.interval is not None,
        )
        for each in found.unusable:
            self._refuse(run, each.product_no, f"product number: {fault_of(each.product_no)}")
        if found.nameless:
            run.counts.refused += found.nameless
        facts = PageFacts(
            listed=len(found.listed),
            unusable=len(found.unusable),
            nameless=found.nameless,
            seen_before=seen_before,
            last=seen.next_url is None,
        )
        run.doubt(doubts_of(facts, position.page))
        run.counts.read += facts.records
        run.counts.distinct += facts.new + facts.unusable
        position.barren = 0 if facts.new else position.barren + 1
        check_end(position.barren, seen.next_url, position.products_url)
        position.products_url = seen.next_url
        if seen.stock is not None:
            position.stock_url, position.stock_done = seen.stock.url, seen.stock.done
        if facts.last and run.interval is not None and position.window + 1 < len(windows(run.interval)):
            position.window, position.barren = position.window + 1, 0
        elif facts.last:
            run.state = "proving"
            run.listed_at = to_the_millisecond(self._clock())


def _attributes(run: ImportRun, seen: ProductPage) -> Attributes:
    return {
        "shopsync.shop_key": run.shop_key,
        "shopsync.import_id": run.id,
        "shopsync.page": run.position.page + 1,
        "shopsync.products": len(seen.found.listed),
    }
