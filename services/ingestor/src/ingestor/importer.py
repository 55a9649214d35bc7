"""One import from its first request to its report, through durable states: queued, reading, proving, reporting."""

from collections.abc import Callable
from datetime import datetime

import structlog

from ingestor import metrics
from ingestor.absences import Absences
from ingestor.errors import FutureshopError
from ingestor.ids import report_id, sync_id
from ingestor.imports import Failure, ImportRun, to_the_millisecond
from ingestor.listing import ReadPage
from ingestor.reader import Reader
from ingestor.store import ImportStore, PresenceStore
from shopsync_contracts.events import ImportCompleted, SyncRequested
from shopsync_contracts.topics import REPORTS, SYNC_COMMANDS
from shopsync_runtime import EventPublisher, Lease, failpoint

log = structlog.get_logger(__name__)


class Importer:
    """Runs an import, or goes on with one. Every step may be repeated: ids are derived, positions are kept."""

    def __init__(
        self,
        imports: ImportStore,
        presence: PresenceStore,
        events: EventPublisher,
        reader: Reader,
        absences: Absences,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._imports = imports
        self._presence = presence
        self._events = events
        self._reader = reader
        self._absences = absences
        self._clock = clock

    async def run(self, run: ImportRun, lease: Lease, read_page: ReadPage) -> None:
        """Run to the end, report included. What futureshop refuses ends the import; other errors are the caller's."""
        try:
            if run.state == "queued":
                await self._begin(run, lease)
            if run.state == "reading":
                await self._reader.read(run, lease, read_page)
            if run.state == "proving":
                await self._absences.prove(run, lease, read_page)
        except FutureshopError as error:
            await self.fail(run, lease, error.code, str(error))
        await self._finish(run, lease)

    async def fail(self, run: ImportRun, lease: Lease, code: str, message: str) -> None:
        """End the import without a proof; `run` then reports it."""
        run.failure = Failure(code, message)
        run.proven = False
        run.state = "reporting"
        run.ended_at = to_the_millisecond(self._clock())
        log.error("import failed", shop_key=run.shop_key, import_id=run.id, code=code, message=message)
        await self._imports.save(run, lease.token)

    async def _begin(self, run: ImportRun, lease: Lease) -> None:
        run.started_at = to_the_millisecond(self._clock())
        run.present_before = await self._presence.present(run.shop_key)
        run.state = "reading"
        await self._imports.save(run, lease.token)
        log.info("import started", shop_key=run.shop_key, import_id=run.id, mode=run.mode)

    async def _finish(self, run: ImportRun, lease: Lease) -> None:
        if run.state != "reporting":
            return
        report = run.report()
        await self._events.publish(REPORTS, self._events.event(report, id=report_id(run.id)))
        completed = isinstance(report, ImportCompleted)
        if completed and run.then_sync:
            sync = SyncRequested(shop_key=run.shop_key, reason="auto")
            await self._events.publish(SYNC_COMMANDS, self._events.event(sync, id=sync_id(run.id)))
        failpoint("import_reported")
        run.state = "finished"
        await self._imports.save(run, lease.token)
        self._count(run, "completed" if completed else "failed")

    def _count(self, run: ImportRun, outcome: str) -> None:
        metrics.IMPORTS.labels(run.shop_key, run.mode, outcome).inc()
        if run.started_at and run.ended_at:
            metrics.SECONDS.labels(run.mode).observe((run.ended_at - run.started_at).total_seconds())
        log.info(
            "import finished",
            shop_key=run.shop_key,
            import_id=run.id,
            outcome=outcome,
            read=run.counts.read,
            changed=run.counts.changed,
            removed=run.counts.removed,
            refused=run.counts.refused,
            proof=run.proven,
        )
