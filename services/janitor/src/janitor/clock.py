"""Requests the nightly sweeps: one per shop, once per night across all replicas (DL-3)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from janitor.catalog_view import CatalogView
from janitor.ids import nightly_id
from janitor.store import SweepStore
from shopsync_contracts import Event
from shopsync_contracts.events import SweepRequested
from shopsync_contracts.times import JST
from shopsync_contracts.topics import SWEEP_COMMANDS
from shopsync_runtime import EventPublisher, Leases, failpoint
from shopsync_runtime.cron import slot_after, slot_at_or_before

log = structlog.get_logger(__name__)

_LONGEST_SLEEP = timedelta(seconds=30)

NIGHTLY = "nightly"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the sweeps of a night start. The night ends `catch_up` later.

    On some nights 03:30 is within futureshop's maintenance (01:00 to 07:00, when it releases a new version). The night
    ends after it, so that a later attempt finds the shop open. Sweeps that are missed by more are not caught up by day.
    """

    cron: str = "30 3 * * *"
    zone: ZoneInfo = JST
    catch_up: timedelta = timedelta(hours=4)

    def latest(self, now: datetime) -> datetime:
        """The last slot at or before `now` (aware), in UTC."""
        return slot_at_or_before(self.cron, now, self.zone)

    def ended(self, now: datetime, nights: int) -> datetime:
        """Start of the `nights`-th last night that is over. 1 is the last one."""
        slot = self.latest(now - self.catch_up)
        for _ in range(nights - 1):
            slot = self.latest(slot - timedelta(seconds=1))
        return slot

    def following(self, now: datetime) -> datetime:
        """The first slot after `now`, in UTC."""
        return slot_after(self.cron, now, self.zone)


def due(schedule: Schedule, now: datetime, last: datetime | None) -> tuple[datetime | None, datetime | None]:
    """(slot to run, slot to mark as done), each None when there is nothing.

    On the first run the past slot is marked without running it, so that a new installation does not start with a sweep.
    A mark in the future comes from a machine whose clock was ahead. It is ignored, or the nights until then would be
    skipped. A slot that then runs twice repeats the same requests, which are recognised.
    """
    slot = schedule.latest(now)
    if last is not None and slot <= last <= now:
        return None, None
    runs = last is not None and now - slot <= schedule.catch_up
    return (slot if runs else None), slot


class NightlyClock:
    """Publishes sweep.requested for every shop that has settings.

    The slot is marked after its requests are acknowledged, so a crash in between repeats them instead of losing the
    night. Repeated requests have the same ids and are one sweep each.
    """

    def __init__(
        self,
        schedule: Schedule,
        sweeps: SweepStore,
        catalog: CatalogView,
        leases: Leases,
        events: EventPublisher,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._schedule = schedule
        self._sweeps = sweeps
        self._catalog = catalog
        self._leases = leases
        self._events = events
        self._clock = clock

    async def run(self) -> None:
        """Check for due slots indefinitely. Sleeps are short, since the machine's clock may be changed."""
        while True:
            await self.tick()
            until = self._schedule.following(self._clock()) - self._clock()
            await asyncio.sleep(max(0.05, min(until, _LONGEST_SLEEP).total_seconds()))

    async def tick(self) -> datetime | None:
        """Handle the slot that is due, unless another replica does. Returns the slot that was run."""
        now = self._clock()
        if due(self._schedule, now, await self._sweeps.last_slot(NIGHTLY)) == (None, None):
            return None
        async with self._leases.hold("clock", timedelta(seconds=60)) as lease:
            if lease is None:
                return None
            last = await self._sweeps.last_slot(NIGHTLY)
            run, mark = due(self._schedule, now, last)
            if last is not None and last > now:
                log.error("the nightly mark lies in the future: a clock was wrong", mark=last.isoformat())
            if run is not None:
                await self._request(run)
                failpoint("nightly_requested")
            if mark is not None:
                await self._sweeps.mark_slot(NIGHTLY, mark, seen=last)
            return run

    async def _request(self, slot: datetime) -> None:
        shops = await self._catalog.shop_keys()
        await self._events.publish_all([(SWEEP_COMMANDS, self._nightly(slot, key)) for key in shops])
        log.info("nightly sweeps requested", slot=slot.isoformat(), shops=len(shops))

    def _nightly(self, slot: datetime, shop_key: str) -> Event[SweepRequested]:
        return self._events.event(SweepRequested(shop_key=shop_key), id=nightly_id(slot, shop_key), time=slot)
