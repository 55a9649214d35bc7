"""Imports of every shop by the clock (INGESTOR_IMPORT_CRON), beside those of 自動連携, which the catalog asks for."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from ingestor.ids import scheduled_id
from ingestor.store import ImportStore
from shopsync_contracts.events import ImportRequested
from shopsync_contracts.times import JST
from shopsync_contracts.topics import IMPORT_COMMANDS
from shopsync_runtime import EventPublisher, Leases
from shopsync_runtime.cron import slot_at_or_before

log = structlog.get_logger(__name__)


class ImportSchedule:
    """Publishes import.requested (changed_only) for every shop of ours with settings, once per slot and all replicas.

    A process that dies between claiming a slot and publishing skips it; the next one reads all changes since.
    """

    def __init__(
        self,
        cron: str,
        shop_keys: Callable[[], Sequence[str]],
        imports: ImportStore,
        leases: Leases,
        events: EventPublisher,
        *,
        clock: Callable[[], datetime],
        catch_up: timedelta,
        look_every: timedelta = timedelta(seconds=5),
    ) -> None:
        self._cron = cron
        self._shop_keys = shop_keys
        self._imports = imports
        self._leases = leases
        self._events = events
        self._clock = clock
        self._catch_up = catch_up
        self._look_every = look_every.total_seconds()
        self._seen: datetime | None = None
        self._claimed: datetime | None = None

    async def run(self) -> None:
        """For ever. Looks at short intervals: the machine's clock may be set."""
        while True:
            await self.look()
            await asyncio.sleep(self._look_every)

    async def look(self) -> datetime | None:
        """See to the slot that is due. Returns it when this replica has asked for its imports."""
        now = self._clock()
        slot = slot_at_or_before(self._cron, now, JST)
        if slot == self._seen or now - slot > self._catch_up:
            return None
        # A claim of ours whose commands did not go out, because the broker was away, is still ours.
        ours = slot == self._claimed or await self._leases.claim_slot("import-schedule", slot.isoformat())
        if ours:
            self._claimed = slot
            await self._ask(slot)
        self._seen = slot
        return slot if ours else None

    async def _ask(self, slot: datetime) -> None:
        shops = await self._imports.with_settings(self._shop_keys())
        await self._events.publish_all(
            [
                (
                    IMPORT_COMMANDS,
                    self._events.event(
                        ImportRequested(shop_key=key, mode="changed_only"), id=scheduled_id(slot.isoformat(), key)
                    ),
                )
                for key in shops
            ]
        )
        log.info("scheduled imports asked for", slot=slot.isoformat(), shops=len(shops))
