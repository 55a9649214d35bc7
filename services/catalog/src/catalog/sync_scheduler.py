"""Starts the timed syncs: in one replica at a time, each at least once and always with the same event id."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from catalog.rules.sync_times import is_due, latest_slot
from catalog.store.shops import ShopStore, TimedShop
from shopsync_contracts import TopicSpec
from shopsync_contracts.derived import catalog_id
from shopsync_contracts.events import ImportRequested, SyncRequested
from shopsync_contracts.topics import IMPORT_COMMANDS, SYNC_COMMANDS
from shopsync_runtime import EventPublisher, Lease, Leases

log = structlog.get_logger(__name__)

_LEASE = timedelta(seconds=30)


class SyncScheduler:
    """A background task. A time that was missed during downtime is caught up within `catch_up`."""

    def __init__(
        self,
        shops: ShopStore,
        events: EventPublisher,
        leases: Leases,
        *,
        clock: Callable[[], datetime],
        tick: timedelta,
        catch_up: timedelta,
    ) -> None:
        self._shops = shops
        self._events = events
        self._leases = leases
        self._clock = clock
        self._tick = tick
        self._catch_up = catch_up

    async def run(self) -> None:
        """Start due syncs, indefinitely."""
        while True:
            async with self._leases.hold("schedule", _LEASE) as lease:
                if lease is not None:
                    await self.look(lease)
            await asyncio.sleep(self._tick.total_seconds())

    async def look(self, lease: Lease) -> None:
        """Start what is due now. The time is marked done after the command; a crash in between repeats the same id."""
        for shop in await self._shops.timed_shops():
            now = self._clock()
            slot = latest_slot(shop.sync, now)
            if slot is None or not is_due(
                slot, now=now, set_at=shop.set_at, last=shop.last_slot, catch_up=self._catch_up
            ):
                continue
            lease.check()
            await self._start(shop, slot)
            await self._shops.mark_slot_done(shop.shop_key, slot)

    async def _start(self, shop: TimedShop, slot: datetime) -> None:
        spec, body = _command(shop)
        id_ = catalog_id(f"{shop.shop_key}@{slot.isoformat()}", body.TYPE)
        await self._events.publish(spec, self._events.event(body, id=id_))
        log.info("timed sync started", shop_key=shop.shop_key, mode=shop.sync.mode, slot=slot.isoformat(), event_id=id_)


def _command(shop: TimedShop) -> tuple[TopicSpec, ImportRequested | SyncRequested]:
    """自動連携 imports first, then sends (Q2). 任意の時間に連携 sends what is there."""
    if shop.sync.mode == "auto":
        return IMPORT_COMMANDS, ImportRequested(shop_key=shop.shop_key, mode="changed_only", then_sync=True)
    return SYNC_COMMANDS, SyncRequested(shop_key=shop.shop_key, reason="scheduled")
