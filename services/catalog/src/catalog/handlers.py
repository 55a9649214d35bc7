"""Handlers of the product and settings topics. They call the rules and the stores; there are no rules here."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from catalog.errors import CatalogRefusal
from catalog.product_updater import ApplyResult, ProductUpdater
from catalog.rules.admission import check_timestamps
from catalog.rules.bulk import FanOut, fan_out, reports
from catalog.rules.merge import ReceivedMessage
from catalog.store.documents import product_id
from catalog.store.done_requests import DoneRequests
from catalog.store.held_messages import HeldMessage, HeldMessages, message_of
from catalog.store.products import ProductStore
from catalog.store.shops import ShopStore
from shopsync_contracts import Event
from shopsync_contracts.events import ProductsBulkEdited
from shopsync_contracts.topics import REPORTS, TOOL_EDITS
from shopsync_runtime import Delivery, EventPublisher, Refusal

log = structlog.get_logger(__name__)

_PUBLISH_AT_ONCE = 500


class ProductHandler:
    """Group "products": everything that changes a product."""

    def __init__(
        self, updater: ProductUpdater, held: HeldMessages, bulk_edits: "BulkEdits", *, clock: Callable[[], datetime]
    ) -> None:
        self._updater = updater
        self._held = held
        self._bulk_edits = bulk_edits
        self._clock = clock

    async def __call__(self, batch: Sequence[Delivery]) -> Sequence[Refusal]:
        """Apply a batch. HeldMessage messages of the same products are applied first, since they are older."""
        single = [delivery for delivery in batch if not isinstance(delivery.event.data, ProductsBulkEdited)]
        held = await self._held.about({delivery.event.subject for delivery in single})
        deliveries = {message_of(one).place: one for one in single}

        async def hold(waiting: Sequence[ReceivedMessage]) -> None:
            await self._held.hold([deliveries[one.place] for one in waiting if not one.held], self._clock())

        applied = await self._updater.apply([*(one.message for one in held), *map(message_of, single)], hold)
        refusals = [Refusal(deliveries[one.place], error) for one, error in applied.refused if not one.held]
        refusals += await self._bulk([one for one in batch if isinstance(one.event.data, ProductsBulkEdited)])
        await self._held.release(_no_longer_waiting(held, applied))
        return refusals

    async def _bulk(self, batch: Sequence[Delivery]) -> list[Refusal]:
        refusals: list[Refusal] = []
        early: list[Delivery] = []
        done: list[Delivery] = []
        for delivery in batch:
            try:
                published = await self._bulk_edits.publish(delivery, final=False)
            except CatalogRefusal as error:
                refusals.append(Refusal(delivery, error))
            else:
                (done if published else early).append(delivery)
        await self._held.hold(early, self._clock())
        # After holding: a request that is marked done implies that earlier ones are done or held.
        await self._bulk_edits.done(done)
        return refusals


def _no_longer_waiting(held: Sequence[HeldMessage], applied: ApplyResult) -> list[str]:
    """Ids of the held messages that were applied. Refused ones stay held until their dead letters are written."""
    stuck = {message.place for message, _ in (*applied.waiting, *applied.refused)}
    return [one.id for one in held if one.message.place not in stuck]


class BulkEdits:
    """Fans bulk edits out and reports on them."""

    def __init__(
        self, products: ProductStore, done: DoneRequests, events: EventPublisher, *, clock: Callable[[], datetime]
    ) -> None:
        self._products = products
        self._done = done
        self._events = events
        self._clock = clock

    async def publish(self, delivery: Delivery, *, final: bool) -> bool:
        """Publish one message per product and the report. Raises StampFromFuture.

        Unless `final`, does nothing and returns False when a product is not there: its change may be on its way. One
        that is read again does nothing: its products may have gone on, or be others of the same number.
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

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """Remember that these are published."""
        await self._done.done(deliveries)

    async def _known(self, body: ProductsBulkEdited) -> dict[str, set[tuple[str, str]]]:
        ids = {product_id(body.shop_key, one): one for one in body.product_nos}
        return {ids[one]: skus for one, skus in (await self._products.sku_numbers(ids)).items()}

    async def _send(self, event: Event[ProductsBulkEdited], plan: FanOut) -> None:
        # The envelope's time is that of the bulk edit: for the sync target it is when the merchant set it.
        edits = [(TOOL_EDITS, self._events.event(body, id=id_, time=event.time)) for id_, body in plan.edits]
        for start in range(0, len(edits), _PUBLISH_AT_ONCE):
            await self._events.publish_all(edits[start : start + _PUBLISH_AT_ONCE])
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


class SettingsHandler:
    """Group "settings": stores the shops' settings, and reprices products when tax settings change."""

    def __init__(self, shops: ShopStore, updater: ProductUpdater) -> None:
        self._shops = shops
        self._updater = updater

    async def __call__(self, delivery: Delivery) -> None:
        """Store one shop's settings and reprice its products in pages. After a crash it starts again."""
        event = delivery.event
        message: ReceivedMessage = message_of(delivery)
        if not await self._shops.save(event.data, event.time, message):
            return
        products = await self._updater.reprice(event.data.shop_key, message)
        await self._shops.mark_repriced(event.data.shop_key)
        log.info("tax settings applied", shop_key=event.data.shop_key, event_id=event.id, products=products)
