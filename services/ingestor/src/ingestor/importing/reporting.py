"""Ends an import: its reports, the sync that follows, and the checkpoint."""

import structlog

from ingestor import metrics
from ingestor.ids import report_id, sync_id
from ingestor.model import ImportRun
from ingestor.store import CheckpointStore, ImportStore
from shopsync_contracts.events import ImportCompleted, SyncRequested
from shopsync_contracts.topics import REPORTS, SYNC_COMMANDS
from shopsync_runtime import EventPublisher, Lease, failpoint
from shopsync_runtime.metrics import shop_label

log = structlog.get_logger(__name__)

_CHUNK = 200


class Reporting:
    """Reports the result of an import. Every step may be repeated with the same ids."""

    def __init__(self, imports: ImportStore, checkpoints: CheckpointStore, events: EventPublisher) -> None:
        self._imports = imports
        self._checkpoints = checkpoints
        self._events = events

    async def finish(self, run: ImportRun, lease: Lease) -> None:
        """Move on from `reporting` to `finished`. Does nothing in another state."""
        if run.state != "reporting":
            return
        sync = await self._sync_to_follow(run)
        report = run.report(sync_request_id=sync)
        await self._events.publish(REPORTS, self._events.event(report, id=report_id(run.id)))
        await self._answer_equals(run, sync)
        if sync is not None:
            body = SyncRequested(shop_key=run.shop_key, reason="auto")
            await self._events.publish(SYNC_COMMANDS, self._events.event(body, id=sync))
        failpoint("import_reported")
        if run.took_every_change():
            await self._checkpoints.advance(run)
        run.state = "finished"
        await self._imports.save(run, lease.token)
        _count(run, "completed" if isinstance(report, ImportCompleted) else "failed")

    async def _sync_to_follow(self, run: ImportRun) -> str | None:
        """Id of the sync that this import's requests asked for; None after a failure."""
        wanted = run.then_sync or await self._imports.any_tied_wants_sync(run.id)
        return sync_id(run.id) if wanted and run.failure is None else None

    async def _answer_equals(self, run: ImportRun, sync: str | None) -> None:
        """Send a report to every equal request that waited, also about a failure."""
        while tied := await self._imports.tied(run.id, limit=_CHUNK):
            await self._events.publish_all(
                [
                    (
                        REPORTS,
                        self._events.event(run.report(each.request_id, sync_request_id=sync), id=report_id(each.id)),
                    )
                    for each in tied
                ]
            )
            failpoint("import_equals_answered")
            await self._imports.answered(run, tied)


def _count(run: ImportRun, outcome: str) -> None:
    metrics.IMPORTS.labels(shop_label(run.shop_key), run.mode, outcome).inc()
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
