"""Judges the listing of an import, and publishes a removal for every product that is proven absent."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from ingestor import metrics
from ingestor.errors import UnexpectedReply
from ingestor.futureshop.searches import NUMBERS_PER_CHECK, ReadPage, products_of
from ingestor.ids import removed_id
from ingestor.importing.enumeration import ShrinkLimit, judge, still_holds
from ingestor.importing.stock_feed import search_form, searchable
from ingestor.model import ImportRun
from ingestor.records.product_numbers import Listed, identify
from ingestor.records.source_map import SourceMap
from ingestor.store import ImportStore, PresenceStore
from shopsync_contracts import Event
from shopsync_contracts.events import Enumeration, ProductRemoved
from shopsync_contracts.times import to_the_millisecond
from shopsync_contracts.topics import PRODUCT_CHANGES
from shopsync_runtime import EventPublisher, Lease, failpoint
from shopsync_runtime.chunks import batched
from shopsync_runtime.tracing import product_span

log = structlog.get_logger(__name__)

_CHUNK = 500


class Absences:
    """Publishes product.removed for every product missing from a complete listing, again at every such listing.

    A listing may silently lose products. So each missing product is searched by its number, and one that is found is
    present, whatever the listing says (DL-9, NV-9). One that cannot be searched by number must be missing from two
    listings in a row. This costs one request per 50 absent products.
    """

    def __init__(
        self,
        imports: ImportStore,
        presence: PresenceStore,
        events: EventPublisher,
        table: SourceMap,
        *,
        limit: ShrinkLimit,
        clock: Callable[[], datetime],
    ) -> None:
        self._imports = imports
        self._presence = presence
        self._events = events
        self._table = table
        self._limit = limit
        self._clock = clock

    async def prove(self, run: ImportRun, lease: Lease, read_page: ReadPage) -> None:
        """Move on from `proving` to `reporting`. Raises FutureshopError when the search by number fails."""
        if not run.proven:
            await self._judge(run)
            await self._imports.save(run, lease.token)
        if enumeration := run.enumeration():
            await self._remove_absent(run, lease, enumeration, read_page)
        run.state = "reporting"
        run.ended_at = to_the_millisecond(self._clock())
        await self._imports.save(run, lease.token)

    async def _judge(self, run: ImportRun) -> None:
        verdict = judge(
            doubts=run.doubts,
            present_before=run.present_before,
            missing=await self._presence.missing(run.shop_key, run.id),
            listed=run.counts.distinct,
            limit=self._limit,
            confirmed=await self._is_confirmed(run),
        )
        run.proven, run.held_back, run.unproven_because = verdict.proof, verdict.held_back, verdict.reason
        if not verdict.proof:
            log.error("no absence is proven", shop_key=run.shop_key, import_id=run.id, reason=verdict.reason)

    async def _is_confirmed(self, run: ImportRun) -> bool:
        """Whether an operator has confirmed this loss. One that has since grown past the limit is held back again."""
        if run.confirm_shrink_of is None:
            return False
        confirmed = await self._imports.get(run.confirm_shrink_of)
        if confirmed is None or confirmed.started_at is None:
            return False
        lost_again = await self._presence.missing(run.shop_key, run.id, seen_since=confirmed.started_at)
        return still_holds(
            confirmed=run.confirmed, listed=run.counts.distinct, lost_again=lost_again, limit=self._limit
        )

    async def _remove_absent(self, run: ImportRun, lease: Lease, enumeration: Enumeration, read_page: ReadPage) -> None:
        while numbers := await self._presence.unseen(
            run.shop_key, run.id, after=run.position.absent_after, limit=_CHUNK
        ):
            lease.check()
            present = await self._answering(numbers, read_page)
            await self._keep(run, lease, list(present.values()))
            absent = await self._proven(run, [number for number in numbers if number not in present])
            await self._events.publish_all(
                [(PRODUCT_CHANGES, self._removed(run, number, enumeration)) for number in absent]
            )
            failpoint("import_removals_published")
            await self._presence.mark_absent(run.shop_key, absent, at=enumeration.completed_at)
            run.counts.removed += len(absent)
            run.position.absent_after = numbers[-1]
            metrics.PRODUCTS.labels(run.shop_key, "removed").inc(len(absent))
            await self._imports.save(run, lease.token)

    def _removed(self, run: ImportRun, number: str, enumeration: Enumeration) -> Event[ProductRemoved]:
        about = {
            "shopsync.shop_key": run.shop_key,
            "shopsync.product_no": number,
            "shopsync.import_id": run.id,
        }
        body = ProductRemoved(shop_key=run.shop_key, product_no=number, enumeration=enumeration)
        with product_span("product.removed", attributes=about):
            return self._events.event(body, id=removed_id(run.id, number))

    async def _proven(self, run: ImportRun, missing: Sequence[str]) -> list[str]:
        """Products proven absent. One that cannot be searched by number must be missing from the last listing too."""
        unasked = [number for number in missing if not searchable(number)]
        if not unasked:
            return list(missing)
        before = await self._imports.newest_listing(run.shop_key)
        since = before.started_at if before is not None else None
        recent = await self._presence.seen_since(run.shop_key, unasked, since)
        if recent:
            log.info(
                "left to the next listing: numbers that cannot be asked for",
                shop_key=run.shop_key,
                import_id=run.id,
                product_nos=sorted(recent)[:20],
                count=len(recent),
            )
        return [number for number in missing if number not in recent]

    async def _answering(self, numbers: Sequence[str], read_page: ReadPage) -> dict[str, Listed]:
        """The products that futureshop finds by their numbers."""
        present: dict[str, Listed] = {}
        for chunk in batched([number for number in numbers if searchable(number)], NUMBERS_PER_CHECK):
            page = await read_page(products_of(chunk), None)
            found = identify(page.records, self._table)
            forms = {search_form(number) for number in chunk}
            strangers = any(search_form(each.product_no) not in forms for each in found.listed)
            if strangers or found.nameless or page.next_url is not None:
                raise UnexpectedReply("the search by product number gave other products than were asked for")
            present |= {each.product_no: each for each in found.listed if each.product_no in chunk}
        return present

    async def _keep(self, run: ImportRun, lease: Lease, present: Sequence[Listed]) -> None:
        if not present:
            return
        run.unlisted += len(present)
        # Saved first: once they are marked as seen, it would be lost that the listing left them out.
        await self._imports.save(run, lease.token)
        log.warning(
            "products missing from the listing are there when asked for",
            shop_key=run.shop_key,
            import_id=run.id,
            product_nos=[each.product_no for each in present][:20],
            count=len(present),
        )
        await self._presence.note_seen(
            run.shop_key, present, import_id=run.id, page=0, at=to_the_millisecond(self._clock())
        )
        failpoint("import_unlisted_noted")
