"""Waits for what a sync needs: the settings of its shop, and all messages published before it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from catalog.store.held_messages import HeldMessages
from catalog.store.shops import ShopStore
from shopsync_contracts import Event
from shopsync_contracts.events import SyncRequested
from shopsync_runtime import Barrier, Delivery, RetryableError, Shutdown

log = structlog.get_logger(__name__)

TakeBarrier = Callable[[], Awaitable[Barrier]]


@dataclass(frozen=True, slots=True)
class WaitLimits:
    """How long one attempt of a sync waits, in seconds."""

    for_settings: float
    for_earlier_messages: float


@dataclass(slots=True)
class _Earlier:
    """The topics up to their ends, then the messages held at that time."""

    barrier: Barrier
    held: list[str] | None = None


class SyncPrerequisites:
    """Waits a limited time in each attempt of a sync."""

    def __init__(
        self, shops: ShopStore, held: HeldMessages, barrier: TakeBarrier, limits: WaitLimits, shutdown: Shutdown
    ) -> None:
        self._shops = shops
        self._held = held
        self._take_barrier = barrier
        self._limits = limits
        self._shutdown = shutdown
        # Kept between attempts. Otherwise each attempt would wait for newer messages of a busy shop.
        self._earlier: dict[tuple[str, int, int], _Earlier] = {}

    async def wait_for_earlier_messages(self, delivery: Delivery) -> None:
        """Wait until all messages before the request are applied. Raises RetryableError if that takes too long."""
        place = _place(delivery)
        required = self._earlier.get(place) or _Earlier(await self._take_barrier())
        self._earlier[place] = required
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

    async def wait_for_settings(self, event: Event[SyncRequested]) -> bool:
        """Wait for the shop's settings. Returns False if there are none in time."""
        shop_key = event.data.shop_key

        async def known() -> bool:
            return shop_key in await self._shops.with_settings([shop_key])

        if await known():
            return True
        log.info("sync waits for the shop's settings", shop_key=shop_key, event_id=event.id)
        return await self._shutdown.eventually(known, self._limits.for_settings)

    def forget(self, delivery: Delivery) -> None:
        """Forget a sync that is done."""
        self._earlier.pop(_place(delivery), None)


def _place(delivery: Delivery) -> tuple[str, int, int]:
    return delivery.topic, delivery.partition, delivery.offset
