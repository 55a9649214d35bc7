"""Runs one import through its stored states: queued, reading, proving, reporting."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from ingestor.errors import FutureshopError, NothingToConfirm
from ingestor.futureshop.searches import ReadPage
from ingestor.importing.absences import Absences
from ingestor.importing.listing_reader import ListingReader
from ingestor.importing.planning import Planner
from ingestor.importing.presence_cleanup import PresenceCleanup
from ingestor.importing.progress import Progress
from ingestor.importing.reporting import Reporting
from ingestor.model import Failure, ImportRun
from ingestor.store import ImportStore
from shopsync_contracts.times import to_the_millisecond
from shopsync_runtime import Lease

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of an import, in order."""

    planner: Planner
    reader: ListingReader
    absences: Absences
    forgetting: PresenceCleanup
    reporting: Reporting


class Importer:
    """Starts or continues an import. Every step may be repeated: ids are derived, positions are stored."""

    def __init__(
        self,
        imports: ImportStore,
        steps: Steps,
        progress: Progress,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._imports = imports
        self._steps = steps
        self._progress = progress
        self._clock = clock

    async def run(self, run: ImportRun, lease: Lease, read_page: ReadPage) -> None:
        """Run to the end, including the report. A FutureshopError ends the import; other errors are raised."""
        with self._progress.of(run):
            try:
                await self._on(run, lease, read_page)
            except (FutureshopError, NothingToConfirm) as error:
                await self.fail(run, lease, error.code, str(error))
            await self._steps.reporting.finish(run, lease)

    async def _on(self, run: ImportRun, lease: Lease, read_page: ReadPage) -> None:
        if run.state == "queued":
            await self._steps.planner.begin(run, lease)
        if run.state == "reading":
            await self._steps.reader.read(run, lease, read_page)
        if run.state == "proving" and run.interval is None:
            await self._steps.absences.prove(run, lease, read_page)
            await self._steps.forgetting.after(run, lease)
        elif run.state == "proving":
            await self._end_windows(run, lease)

    async def _end_windows(self, run: ImportRun, lease: Lease) -> None:
        """End without proving absences, since changes say nothing about them (DL-9)."""
        run.unproven_because = "update windows were read, not the complete listing"
        run.state = "reporting"
        run.ended_at = to_the_millisecond(self._clock())
        await self._imports.save(run, lease.token)

    async def fail(self, run: ImportRun, lease: Lease, code: str, message: str) -> None:
        """End the import without a proof. `run` then reports it."""
        run.failure = Failure(code, message)
        run.proven = False
        run.state = "reporting"
        run.ended_at = to_the_millisecond(self._clock())
        log.error("import failed", shop_key=run.shop_key, import_id=run.id, code=code, message=message)
        await self._imports.save(run, lease.token)
