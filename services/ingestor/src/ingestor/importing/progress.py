"""Progress of running imports: gauges at every page, reports at intervals."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog

from ingestor import metrics
from ingestor.model import ImportRun
from shopsync_contracts.events import ImportProgress
from shopsync_contracts.topics import REPORTS
from shopsync_runtime import EventPublisher
from shopsync_runtime.cancelling import stop

log = structlog.get_logger(__name__)


class Progress:
    """Reports progress without delaying the import. A report that cannot be sent at once is skipped."""

    def __init__(self, events: EventPublisher, *, every: timedelta, clock: Callable[[], datetime]) -> None:
        self._events = events
        self._every = every
        self._clock = clock
        self._told_at: dict[str, datetime] = {}
        self._sending: dict[str, asyncio.Task[None]] = {}

    @contextmanager
    def of(self, run: ImportRun) -> Iterator[None]:
        """Show the import while it runs in this process. A short one ends before its first report."""
        self._told_at[run.id] = self._clock()
        metrics.RUNNING.inc()
        self._show(run)
        try:
            yield
        finally:
            metrics.RUNNING.dec()
            del self._told_at[run.id]
            for gauge in (metrics.PROGRESS, metrics.EXPECTED):
                with contextlib.suppress(KeyError):
                    gauge.remove(run.shop_key)

    def page(self, run: ImportRun) -> None:
        """Note that a page is done."""
        metrics.PAGES.labels(run.shop_key, run.mode).inc()
        self._show(run)
        log.info(
            "page imported",
            shop_key=run.shop_key,
            import_id=run.id,
            page=run.position.page,
            read=run.counts.read,
            changed=run.counts.changed,
            refused=run.counts.refused,
            expected=run.expected,
        )
        now = self._clock()
        if now - self._told_at[run.id] >= self._every and run.id not in self._sending:
            self._told_at[run.id] = now
            task = asyncio.create_task(self._send(self._report(run, now)), name=f"progress-{run.shop_key}")
            self._sending[run.id] = task
            task.add_done_callback(lambda _: self._sending.pop(run.id, None))

    async def aclose(self) -> None:
        """Cancel reports that are being sent."""
        await stop(*self._sending.values())

    def _show(self, run: ImportRun) -> None:
        metrics.PROGRESS.labels(run.shop_key).set(run.counts.read)
        if run.expected is not None:
            metrics.EXPECTED.labels(run.shop_key).set(run.expected)

    @staticmethod
    def _report(run: ImportRun, now: datetime) -> ImportProgress:
        return ImportProgress(
            shop_key=run.shop_key,
            import_id=run.id,
            mode=run.mode,
            request_id=run.request_id,
            at=now,
            page=run.position.page,
            read=run.counts.read,
            expected=run.expected,
            changed=run.counts.changed,
            refused=run.counts.refused,
        )

    async def _send(self, report: ImportProgress) -> None:
        try:
            await self._events.publish(REPORTS, self._events.event(report))
        except Exception as error:  # noqa: BLE001 - progress is optional; the import itself uses the same broker
            log.warning(
                "progress not reported", shop_key=report.shop_key, error=f"{type(error).__name__}: {error}"[:300]
            )
