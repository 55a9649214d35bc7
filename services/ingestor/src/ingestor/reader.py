"""The reading half of an import: page by page, events acknowledged and the position kept before the next."""

from collections.abc import Callable
from datetime import datetime

import structlog

from ingestor import metrics
from ingestor.client import Page
from ingestor.enumeration import PageFacts, check_end, doubts_of
from ingestor.identity import Identified, Listed, identify
from ingestor.ids import changed_id
from ingestor.imports import ImportRun, to_the_millisecond
from ingestor.listing import ReadPage, all_numbers, all_products
from ingestor.mapping import SourceMap, Stock, to_product
from ingestor.readers import Unreadable
from ingestor.stockfeed import StockFeed
from ingestor.store import ImportStore, PresenceStore
from shopsync_contracts import Event
from shopsync_contracts.events import ImportMode, ProductChanged
from shopsync_contracts.topics import PRODUCT_CHANGES
from shopsync_runtime import EventPublisher, Lease, failpoint

log = structlog.get_logger(__name__)

_ENVELOPE_ROOM = 4096
"""Bytes of a record that are not its value: key, headers, framing."""


class Reader:
    """Reads every page of a shop's listing. Memory holds one product page and a few stock pages."""

    def __init__(
        self,
        imports: ImportStore,
        presence: PresenceStore,
        events: EventPublisher,
        table: SourceMap,
        *,
        page_size: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._imports = imports
        self._presence = presence
        self._events = events
        self._table = table
        self._page_size = page_size
        self._clock = clock

    async def read(self, run: ImportRun, lease: Lease, read_page: ReadPage) -> None:
        """Read from the run's position to the end and move on to `proving`.

        Raises FutureshopError when the listing cannot be read to its end; pages read before stay applied (IM-8).
        """
        mode = None if run.mode == "enumerate" else run.mode
        search = all_numbers(self._page_size) if mode is None else all_products(self._page_size)
        feed = None if mode is None else StockFeed(read_page, self._table, run.position)
        while run.state == "reading":
            lease.check()
            observed_at = self._observed_at(run)
            page = await read_page(search, run.position.products_url)
            found = identify(page.records, self._table)
            if mode is not None and feed is not None:
                stocks = await feed.of(found.listed)
                await self._publish(run, mode, found, stocks, observed_at)
                feed.remember(run.position)
            failpoint("import_page_published")
            await self._take(run, page, found, observed_at)
            await self._imports.save(run, lease.token)
            failpoint("import_page_saved")
            self._show(run)

    def _observed_at(self, run: ImportRun) -> datetime:
        """The moment before the page is asked for; never before the import's start, whichever replica's clock."""
        now = to_the_millisecond(self._clock())
        return max(now, run.started_at) if run.started_at else now

    async def _publish(
        self, run: ImportRun, mode: ImportMode, found: Identified, stocks: dict[str, Stock], observed_at: datetime
    ) -> None:
        events = []
        for each in found.listed:
            try:
                events.append(self._changed(run, mode, each, stocks.get(each.product_no), observed_at))
            except Unreadable as problem:
                self._refuse(run, each.product_no, str(problem))
        await self._events.publish_all([(PRODUCT_CHANGES, event) for event in events])
        run.counts.changed += len(events)
        metrics.PRODUCTS.labels(run.shop_key, "changed").inc(len(events))

    def _changed(
        self, run: ImportRun, mode: ImportMode, each: Listed, stock: Stock | None, observed_at: datetime
    ) -> Event[ProductChanged]:
        body = ProductChanged(
            shop_key=run.shop_key,
            product_no=each.product_no,
            mode=mode,
            observed_at=observed_at,
            import_id=run.id,
            product=to_product(each.record, stock, self._table, observed_at=observed_at),
        )
        # A product deleted and registered anew while we read stands twice in the listing: two facts, two ids.
        event = self._events.event(body, id=changed_id(run.id, each.product_no, str(each.upstream_id)))
        size = len(event.to_bytes())
        if size > PRODUCT_CHANGES.max_message_bytes - _ENVELOPE_ROOM:
            raise Unreadable("product", f"is {size} bytes as a message; at most 2 MiB can be carried")
        return event

    def _refuse(self, run: ImportRun, product_no: str, reason: str) -> None:
        run.refuse(product_no, reason)
        metrics.PRODUCTS.labels(run.shop_key, "refused").inc()
        log.warning("product refused", shop_key=run.shop_key, product_no=product_no, import_id=run.id, reason=reason)

    async def _take(self, run: ImportRun, page: Page, found: Identified, at: datetime) -> None:
        """Note who is present and move the position past the page."""
        position = run.position
        position.page += 1
        seen_before = await self._presence.note_seen(
            run.shop_key, found.listed, import_id=run.id, page=position.page, at=at
        )
        for each in found.unusable:
            self._refuse(run, each.product_no, "product number: must be 1 to 32 bytes of UTF-8 without '/'")
        if found.nameless:
            run.counts.refused += found.nameless
        facts = PageFacts(
            listed=len(found.listed),
            unusable=len(found.unusable),
            nameless=found.nameless,
            seen_before=seen_before,
            last=page.next_url is None,
        )
        run.doubt(doubts_of(facts, position.page))
        run.counts.read += facts.records
        run.counts.distinct += facts.new + facts.unusable
        position.barren = 0 if facts.new else position.barren + 1
        check_end(position.barren, page.next_url, position.products_url)
        position.products_url = page.next_url
        if facts.last:
            run.state = "proving"
            run.listed_at = to_the_millisecond(self._clock())

    def _show(self, run: ImportRun) -> None:
        metrics.PROGRESS.labels(run.shop_key).set(run.counts.read)
        log.info(
            "page imported",
            shop_key=run.shop_key,
            import_id=run.id,
            page=run.position.page,
            read=run.counts.read,
            changed=run.counts.changed,
            refused=run.counts.refused,
            present_before=run.present_before,
        )
