"""Scheduled imports of every shop (INGESTOR_IMPORT_CRON), beside those of 自動連携, which the catalog requests."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

_CHECK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class CronTimes:
    """A cron expression in Asia/Tokyo, and how long a missed slot may still be caught up."""

    cron: str
    catch_up: timedelta


class ImportSchedule:
    """Publishes import.requested (changed_only) for every known shop with settings, once per slot across replicas.

    If a process dies between claiming a slot and publishing, the slot is skipped. The next one reads all changes since.
    """

    def __init__(
        self,
        times: CronTimes,
        shop_keys: Callable[[], Sequence[str]],
        imports: ImportStore,
        leases: Leases,
        events: EventPublisher,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._times = times
        self._shop_keys = shop_keys
        self._imports = imports
        self._leases = leases
        self._events = events
        self._clock = clock
        self._seen: datetime | None = None
        self._claimed: datetime | None = None

    async def run(self) -> None:
        """Check for due slots indefinitely, at short intervals since the machine's clock may be changed."""
        while True:
            await self.look()
            await asyncio.sleep(_CHECK_SECONDS)

    async def look(self) -> datetime | None:
        """Handle the slot that is due. Returns it when this replica has requested its imports."""
        now = self._clock()
        slot = slot_at_or_before(self._times.cron, now, JST)
        if slot == self._seen or now - slot > self._times.catch_up:
            return None
        # If the broker was down after our claim, the slot is still ours.
        ours = slot == self._claimed or await self._leases.claim_slot("import-schedule", slot.isoformat())
        if ours:
            self._claimed = slot
            await self._request(slot)
        self._seen = slot
        return slot if ours else None

    async def _request(self, slot: datetime) -> None:
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
