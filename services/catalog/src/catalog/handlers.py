"""Handlers of the topics. They call the rules and the stores; there are no rules here."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime

import structlog

from catalog.bulk_edits import BulkEdits
from catalog.errors import CatalogRefusal
from catalog.product_updater import ApplyResult, ProductUpdater
from catalog.rules.merge import ReceivedMessage
from catalog.rules.sync import Tally, choose, commands, report
from catalog.store.documents import Document, product_id
from catalog.store.done_requests import DoneRequests
from catalog.store.held_messages import HeldMessage, HeldMessages, message_of
from catalog.store.products import ProductStore
from catalog.store.shops import ShopStore
from catalog.sync_prerequisites import SyncPrerequisites
from shopsync_contracts import Event
from shopsync_contracts.events import ProductsBulkEdited, PushRequested, SyncCounts, SyncRequested
from shopsync_contracts.topics import PUSH_COMMANDS, REPORTS
from shopsync_runtime import Delivery, EventPublisher, RefusedDelivery
from shopsync_runtime.chunks import batched
from shopsync_runtime.gathering import all_ended
from shopsync_runtime.tracing import product_span
from shopsync_runtime.wording import no_settings

log = structlog.get_logger(__name__)

_PAGE = 500


class ProductHandler:
    """Group "products": everything that changes a product."""

    def __init__(
        self, updater: ProductUpdater, held: HeldMessages, bulk_edits: BulkEdits, *, clock: Callable[[], datetime]
    ) -> None:
        self._updater = updater
        self._held = held
        self._bulk_edits = bulk_edits
        self._clock = clock

    async def __call__(self, batch: Sequence[Delivery]) -> Sequence[RefusedDelivery]:
        """Apply a batch. Held messages of the same products are applied first, since they are older."""
        single, bulk = _without_bulk_edits(batch)
        held = await self._held.about({delivery.event.subject for delivery in single})
        messages = [message_of(one) for one in single]
        deliveries = {message.place: one for message, one in zip(messages, single, strict=True)}

        async def hold(waiting: Sequence[ReceivedMessage]) -> None:
            await self._held.hold([deliveries[one.place] for one in waiting if not one.held], self._clock())

        applied = await self._updater.apply([*(one.message for one in held), *messages], hold)
        refusals = [RefusedDelivery(deliveries[one.place], error) for one, error in applied.refused if not one.held]
        refusals += await self._bulk(bulk)
        await self._held.release(_no_longer_waiting(held, applied))
        return refusals

    async def _bulk(self, batch: Sequence[Delivery]) -> list[RefusedDelivery]:
        refusals: list[RefusedDelivery] = []
        early: list[Delivery] = []
        done: list[Delivery] = []
        for delivery in batch:
            try:
                published = await self._bulk_edits.publish(delivery, final=False)
            except CatalogRefusal as error:
                refusals.append(RefusedDelivery(delivery, error))
            else:
                (done if published else early).append(delivery)
        await self._held.hold(early, self._clock())
        # After holding: a request that is marked done implies that earlier ones are done or held.
        await self._bulk_edits.mark_done(done)
        return refusals


def _without_bulk_edits(batch: Sequence[Delivery]) -> tuple[list[Delivery], list[Delivery]]:
    """The deliveries about one product, and those about many."""
    single: list[Delivery] = []
    bulk: list[Delivery] = []
    for delivery in batch:
        # Asking `isinstance` of a model takes longer than all the rest of this.
        (bulk if type(delivery.event.data) is ProductsBulkEdited else single).append(delivery)
    return single, bulk


def _no_longer_waiting(held: Sequence[HeldMessage], applied: ApplyResult) -> list[str]:
    """Ids of the held messages that were applied. Refused ones stay held until their dead letters are written."""
    stuck = {message.place for message, _ in (*applied.waiting, *applied.refused)}
    return [one.id for one in held if one.message.place not in stuck]


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


class SyncHandler:
    """Group "syncs": turns sync requests into push commands.

    A sync sees every change, edit and push result published before it. Until then it is retried.
    """

    def __init__(
        self,
        products: ProductStore,
        done: DoneRequests,
        events: EventPublisher,
        prerequisites: SyncPrerequisites,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._products = products
        self._done = done
        self._events = events
        self._prerequisites = prerequisites
        self._clock = clock

    async def __call__(self, batch: Sequence[Delivery]) -> Sequence[RefusedDelivery]:
        """Carry out the requests, of different shops concurrently, of one shop in order. Raises RetryableError."""
        by_shop: dict[str, list[Delivery]] = {}
        for delivery in batch:
            by_shop.setdefault(delivery.event.data.shop_key, []).append(delivery)
        await all_ended(*(self._shop(requests) for requests in by_shop.values()))
        return []

    async def _shop(self, requests: Sequence[Delivery]) -> None:
        for delivery in requests:
            await self._sync(delivery)

    async def _sync(self, delivery: Delivery) -> None:
        event: Event[SyncRequested] = delivery.event
        if await self._done.is_done(delivery):
            log.info("sync was carried out before", shop_key=event.data.shop_key, event_id=event.id)
            return
        started_at = self._clock()
        if not await self._prerequisites.wait_for_settings(event):
            await self._report(event, SyncCounts(), started_at, no_settings(event.data.shop_key))
            return
        await self._prerequisites.wait_for_earlier_messages(delivery)
        tally = Tally()
        async for page in self._pages(event.data):
            choices = {product_no: choose(product) for product_no, product in page.items()}
            tally.take(choices.values())
            sent = commands(event, [one for one, choice in choices.items() if choice == "commanded"])
            await self._events.publish_all([(PUSH_COMMANDS, self._command(page, id_, body)) for id_, body in sent])
        await self._report(event, tally.counts(), started_at, None)
        await self._done.mark_done([delivery])
        self._prerequisites.forget(delivery)

    def _command(self, page: Mapping[str, Document | None], id_: str, body: PushRequested) -> Event[PushRequested]:
        """The command goes on with the trace of its product's last change. Without traces it stays in the sync's."""
        kept = (page[body.product_no] or {}).get("traceparent")
        about = {"shopsync.shop_key": body.shop_key, "shopsync.product_no": body.product_no, "shopsync.command_id": id_}
        with product_span("push.requested", goes_on=kept, attributes=about):
            return self._events.event(body, id=id_)

    async def _pages(self, body: SyncRequested) -> AsyncIterator[dict[str, Document | None]]:
        """The requested products by number, None for unknown ones; every ON product if none is named."""
        if body.product_nos is None:
            async for page in self._products.enabled(body.shop_key):
                yield {one["product_no"]: one for one in page}
            return
        for some in batched(dict.fromkeys(body.product_nos), _PAGE):
            found = await self._products.push_states([product_id(body.shop_key, one) for one in some])
            yield {one: found.get(product_id(body.shop_key, one)) for one in some}

    async def _report(
        self, event: Event[SyncRequested], counts: SyncCounts, started_at: datetime, because: str | None
    ) -> None:
        id_, body = report(event, counts, started_at=started_at, completed_at=self._clock(), refused_because=because)
        await self._events.publish(REPORTS, self._events.event(body, id=id_))
        log.info("sync done", shop_key=body.shop_key, event_id=event.id, refused_because=because, **counts.model_dump())
