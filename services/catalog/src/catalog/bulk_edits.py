"""Splits bulk edits into one message per product."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog

from catalog.rules.admission import check_timestamps
from catalog.rules.bulk import FanOut, fan_out, reports
from catalog.store.documents import product_id
from catalog.store.done_requests import DoneRequests
from catalog.store.products import ProductStore
from shopsync_contracts import Event
from shopsync_contracts.events import ProductEdited, ProductsBulkEdited, SyncTargetSet
from shopsync_contracts.topics import REPORTS, TOOL_EDITS
from shopsync_runtime import Delivery, EventPublisher
from shopsync_runtime.chunks import batched
from shopsync_runtime.tracing import product_span

log = structlog.get_logger(__name__)

_PUBLISH_AT_ONCE = 500


class BulkEdits:
    """Splits bulk edits and publishes their reports."""

    def __init__(
        self, products: ProductStore, done: DoneRequests, events: EventPublisher, *, clock: Callable[[], datetime]
    ) -> None:
        self._products = products
        self._done = done
        self._events = events
        self._clock = clock

    async def publish(self, delivery: Delivery, *, final: bool) -> bool:
        """Publish one message per product, and the report. Raises StampFromFuture.

        Unless `final`, does nothing and returns False when a product is unknown, since it may still arrive. A bulk edit
        that was published before is not repeated: its products may have changed since, or been registered again.
        """
        event: Event[ProductsBulkEdited] = delivery.event
        check_timestamps(event, delivery.timestamp)
        if not final and await self._done.is_done(delivery):
            return True
        plan = fan_out(event, await self._known(event.data))
        if plan.unknown and not final:
            return False
        await self._send(event, plan)
        return True

    def _edit(self, whole: Event[ProductsBulkEdited], id_: str, body: ProductEdited | SyncTargetSet) -> Event[Any]:
        about = {"shopsync.shop_key": body.shop_key, "shopsync.product_no": body.product_no}
        with product_span(body.TYPE, attributes=about):
            return self._events.event(body, id=id_, time=whole.time)

    async def mark_done(self, deliveries: Sequence[Delivery]) -> None:
        """Store that these are published."""
        await self._done.mark_done(deliveries)

    async def _known(self, body: ProductsBulkEdited) -> dict[str, set[tuple[str, str]]]:
        ids = {product_id(body.shop_key, one): one for one in body.product_nos}
        return {ids[one]: skus for one, skus in (await self._products.sku_numbers(ids)).items()}

    async def _send(self, event: Event[ProductsBulkEdited], plan: FanOut) -> None:
        # The envelope has the bulk edit's time, because for 連携対象 it is when the merchant set it.
        edits = [(TOOL_EDITS, self._edit(event, id_, body)) for id_, body in plan.edits]
        for some in batched(edits, _PUBLISH_AT_ONCE):
            await self._events.publish_all(some)
        pages = reports(event, plan.verdicts, self._clock())
        await self._events.publish_all([(REPORTS, self._events.event(body, id=id_)) for id_, body in pages])
        refused = sum(verdict.verdict == "refused" for verdict in plan.verdicts)
        log.info(
            "bulk edit fanned out",
            shop_key=event.data.shop_key,
            event_id=event.id,
            products=len(plan.verdicts),
            refused=refused,
        )
