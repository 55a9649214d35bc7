"""Group "syncs": turns sync requests into push commands."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from catalog.rules.sync import Tally, choose, commands, report
from catalog.store.documents import Document, product_id
from catalog.store.done_requests import DoneRequests
from catalog.store.held_messages import HeldMessages
from catalog.store.products import ProductStore
from catalog.store.shops import ShopStore
from shopsync_contracts import Event
from shopsync_contracts.events import SyncCounts, SyncRequested
from shopsync_contracts.topics import PUSH_COMMANDS, REPORTS
from shopsync_runtime import Barrier, Delivery, EventPublisher, Refusal, RetryableError, Shutdown
from shopsync_runtime.wording import no_settings

log = structlog.get_logger(__name__)

TakeBarrier = Callable[[], Awaitable[Barrier]]

_PAGE = 500


@dataclass(frozen=True, slots=True)
class WaitLimits:
    """How long one attempt of a sync waits, in seconds."""

    for_settings: float
    for_earlier_messages: float


@dataclass(slots=True)
class _Prerequisites:
    """What must be applied before the sync: the topics up to their ends, then the messages held at that time."""

    barrier: Barrier
    held: list[str] | None = None


class SyncHandler:
    """A sync sees every change, edit and push result published before it. Until then it is retried."""

    def __init__(
        self,
        products: ProductStore,
        shops: ShopStore,
        held: HeldMessages,
        done: DoneRequests,
        events: EventPublisher,
        *,
        barrier: TakeBarrier,
        limits: WaitLimits,
        shutdown: Shutdown,
        clock: Callable[[], datetime],
    ) -> None:
        self._products = products
        self._shops = shops
        self._held = held
        self._done = done
        self._events = events
        self._take_barrier = barrier
        self._limits = limits
        self._shutdown = shutdown
        self._clock = clock
        # Kept between attempts. Otherwise each attempt would wait for newer messages of a busy shop.
        self._prerequisites: dict[tuple[str, int, int], _Prerequisites] = {}

    async def __call__(self, batch: Sequence[Delivery]) -> Sequence[Refusal]:
        """Carry out the requests, of different shops concurrently, of one shop in order. Raises RetryableError."""
        by_shop: dict[str, list[Delivery]] = {}
        for delivery in batch:
            by_shop.setdefault(delivery.event.data.shop_key, []).append(delivery)
        ended = await asyncio.gather(*(self._shop(requests) for requests in by_shop.values()), return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, BaseException):
                raise outcome
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
        if not await self._wait_for_settings(event):
            await self._report(event, SyncCounts(), started_at, no_settings(event.data.shop_key))
            return
        await self._wait_for_earlier_messages(delivery)
        tally = Tally()
        async for page in self._pages(event.data):
            choices = {product_no: choose(product) for product_no, product in page.items()}
            tally.take(choices.values())
            sent = commands(event, [one for one, choice in choices.items() if choice == "commanded"])
            await self._events.publish_all([(PUSH_COMMANDS, self._events.event(body, id=id_)) for id_, body in sent])
        await self._report(event, tally.counts(), started_at, None)
        await self._done.done([delivery])
        self._prerequisites.pop(_place(delivery), None)

    async def _wait_for_earlier_messages(self, delivery: Delivery) -> None:
        """Wait until all messages before the request are applied. Raises RetryableError if that takes too long."""
        place = _place(delivery)
        required = self._prerequisites.get(place) or _Prerequisites(await self._take_barrier())
        self._prerequisites[place] = required
        shop_key = delivery.event.data.shop_key

        async def caught_up() -> bool:
            if required.held is None and await required.barrier.passed():
                required.held = await self._held.ids_of_shop(shop_key)
            return required.held is not None and not await self._held.any_left(required.held)

        if await caught_up():
            return
        log.info("sync waits for earlier messages", shop_key=shop_key, event_id=delivery.event.id)
        if not await self._shutdown.eventually(caught_up, self._limits.for_earlier_messages):
            raise RetryableError(f"sync of shop {shop_key!r} waits for earlier messages to be applied")

    async def _wait_for_settings(self, event: Event[SyncRequested]) -> bool:
        """Wait for the shop's settings. Returns False if there are none in time."""
        shop_key = event.data.shop_key

        async def known() -> bool:
            return shop_key in await self._shops.with_settings([shop_key])

        if await known():
            return True
        log.info("sync waits for the shop's settings", shop_key=shop_key, event_id=event.id)
        return await self._shutdown.eventually(known, self._limits.for_settings)

    async def _pages(self, body: SyncRequested) -> AsyncIterator[dict[str, Document | None]]:
        """The requested products by number, None for unknown ones; every ON product if none is named."""
        if body.product_nos is None:
            async for page in self._products.enabled(body.shop_key):
                yield {one["product_no"]: one for one in page}
            return
        named = list(dict.fromkeys(body.product_nos))
        for start in range(0, len(named), _PAGE):
            some = named[start : start + _PAGE]
            found = await self._products.push_states([product_id(body.shop_key, one) for one in some])
            yield {one: found.get(product_id(body.shop_key, one)) for one in some}

    async def _report(
        self, event: Event[SyncRequested], counts: SyncCounts, started_at: datetime, because: str | None
    ) -> None:
        id_, body = report(event, counts, started_at=started_at, completed_at=self._clock(), refused_because=because)
        await self._events.publish(REPORTS, self._events.event(body, id=id_))
        log.info("sync done", shop_key=body.shop_key, event_id=event.id, refused_because=because, **counts.model_dump())


def _place(delivery: Delivery) -> tuple[str, int, int]:
    return delivery.topic, delivery.partition, delivery.offset
