from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from janitor.errors import NotASweepRequest
from janitor.ids import enumerate_id, nightly_id, share_of, sweep_id_of
from janitor.model import Sweep
from janitor.store import SweepStore
from shopsync_contracts import Event
from shopsync_contracts.events import ImportCompleted, ImportFailed, SweepRequested
from shopsync_contracts.times import to_the_millisecond
from shopsync_runtime import Delivery

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Night:
    """How nightly requests are handled.

    `length`: until how long after the nightly time sweeps are retried; `spread`: the period over which the starts of
    the shops are distributed.
    """

    length: timedelta = timedelta(hours=4)
    spread: timedelta = timedelta(minutes=10)


class Handlers:
    """Stores requests as sweeps, and the ingestor's reports for the sweeps that wait for them."""

    def __init__(
        self, sweeps: SweepStore, wake: Callable[[], None], night: Night, *, clock: Callable[[], datetime]
    ) -> None:
        self._sweeps = sweeps
        self._wake = wake
        self._night = night
        self._clock = clock

    async def command(self, delivery: Delivery) -> None:
        """Queue the requested sweep. A repeated request is the same sweep."""
        event = delivery.event
        if not isinstance(event.data, SweepRequested):
            raise NotASweepRequest(f"{event.type} is no sweep command")
        sweep = self._sweep(event, delivery.traceparent)
        new = await self._sweeps.add(sweep)
        log.info(
            "sweep queued" if new else "sweep known already",
            shop_key=sweep.shop_key,
            sweep_id=sweep.id,
            event_id=event.id,
            dry_run=sweep.dry_run,
        )
        self._wake()

    def _sweep(self, event: Event[SweepRequested], traceparent: str | None) -> Sweep:
        sweep_id = sweep_id_of(event.source, event.id)
        now = to_the_millisecond(self._clock())
        sweep = Sweep(
            id=sweep_id,
            shop_key=event.data.shop_key,
            request_id=event.id,
            requested_at=now,
            enumeration_request_id=enumerate_id(sweep_id, 1),
            traceparent=traceparent,
            dry_run=event.data.dry_run,
        )
        if event.id == nightly_id(event.time, sweep.shop_key):
            # Nobody waits for a nightly sweep, and hundreds are requested in the same second.
            sweep.not_before = to_the_millisecond(now + self._night.spread * share_of(sweep.shop_key))
            sweep.retry_until = to_the_millisecond(event.time + self._night.length)
        return sweep

    async def report(self, delivery: Delivery) -> None:
        """Store the report of an enumeration that a sweep waits for. Other reports are ignored."""
        report = delivery.event.data
        if not isinstance(report, ImportCompleted | ImportFailed) or report.request_id is None:
            return
        if await self._sweeps.keep_report(report):
            self._wake()
