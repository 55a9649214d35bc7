from collections.abc import Callable
from datetime import datetime

import structlog

from janitor.ids import enumerate_id, sweep_id_of
from janitor.store import SweepStore
from janitor.sweep import Sweep, to_the_millisecond
from shopsync_contracts.events import ImportCompleted, ImportFailed, SweepRequested
from shopsync_runtime import Delivery, PermanentError

log = structlog.get_logger(__name__)


class Handlers:
    """Requests become durable sweeps, and the ingestor's reports are kept for the sweeps that wait for them."""

    def __init__(self, sweeps: SweepStore, wake: Callable[[], None], *, clock: Callable[[], datetime]) -> None:
        self._sweeps = sweeps
        self._wake = wake
        self._clock = clock

    async def command(self, delivery: Delivery) -> None:
        """Queue the sweep that is asked for. The same request again asks for the same sweep."""
        event = delivery.event
        if not isinstance(event.data, SweepRequested):
            raise PermanentError(f"{event.type} is no sweep command")
        sweep_id = sweep_id_of(event.source, event.id)
        sweep = Sweep(
            id=sweep_id,
            shop_key=event.data.shop_key,
            request_id=event.id,
            requested_at=to_the_millisecond(self._clock()),
            enumeration_request_id=enumerate_id(sweep_id),
            traceparent=event.traceparent,
        )
        new = await self._sweeps.add(sweep)
        log.info(
            "sweep queued" if new else "sweep known already",
            shop_key=sweep.shop_key, sweep_id=sweep.id, event_id=event.id,
        )  # fmt: skip
        self._wake()

    async def report(self, delivery: Delivery) -> None:
        """Keep the report of an enumeration that a sweep waits for; all other reports pass by."""
        report = delivery.event.data
        if not isinstance(report, ImportCompleted | ImportFailed) or report.request_id is None:
            return
        if await self._sweeps.keep_report(report):
            self._wake()
