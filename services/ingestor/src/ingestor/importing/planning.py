from collections.abc import Callable
from datetime import datetime

import structlog

from ingestor.importing.enumeration import check_confirmation
from ingestor.model import ImportRun
from ingestor.store import CheckpointStore, ImportStore, PresenceStore
from ingestor.windows import WindowRules, as_stamp, interval_of
from shopsync_contracts.times import to_the_millisecond
from shopsync_runtime import Lease, failpoint

log = structlog.get_logger(__name__)


class Planner:
    """Decides what an import reads, stores the decision, and finds equal requests that its listing answers too."""

    def __init__(
        self,
        imports: ImportStore,
        presence: PresenceStore,
        checkpoints: CheckpointStore,
        *,
        rules: WindowRules,
        clock: Callable[[], datetime],
    ) -> None:
        self._imports = imports
        self._presence = presence
        self._checkpoints = checkpoints
        self._rules = rules
        self._clock = clock

    async def begin(self, run: ImportRun, lease: Lease) -> None:
        """Move on from `queued` to `reading`. Raises NothingToConfirm."""
        run.started_at = to_the_millisecond(self._clock())
        if run.confirm_shrink_of is not None:
            newest = await self._imports.newest_listing(run.shop_key)
            run.confirmed = check_confirmation(run.confirm_shrink_of, newest)
        elif run.mode == "changed_only":
            checkpoint = await self._checkpoints.get(run.shop_key)
            run.interval = interval_of(checkpoint, run.started_at, self._rules)
        if run.interval is None:
            run.present_before = await self._presence.present(run.shop_key)
        else:
            # The stock search has no filter for changes, so stock is searched by product number.
            run.position.stock_done = True
        run.state = "reading"
        await self._imports.save(run, lease.token)
        # Saved first: a replica that has lost the lease stops here, and ties no request to an import that has ended.
        tied = await self._imports.tie_equals(run)
        failpoint("import_started")
        log.info(
            "import started",
            shop_key=run.shop_key,
            import_id=run.id,
            mode=run.mode,
            answers_too=tied,
            updated_since=as_stamp(run.interval.since) if run.interval else None,
        )
