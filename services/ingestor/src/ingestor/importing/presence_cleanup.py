from datetime import timedelta

import structlog

from ingestor.model import ImportRun
from ingestor.store import PresenceStore
from shopsync_runtime import Lease

log = structlog.get_logger(__name__)

_CHUNK = 500


class PresenceCleanup:
    """Deletes long absent products from `presence` after a complete listing, or they would be searched indefinitely."""

    def __init__(self, presence: PresenceStore, *, keep: timedelta, chunk: int = _CHUNK) -> None:
        self._presence = presence
        self._keep = keep
        self._chunk = chunk

    async def after(self, run: ImportRun, lease: Lease) -> int:
        """Delete them if the import proves absences. Returns how many were deleted."""
        proof = run.enumeration()
        if proof is None:
            return 0
        cleared, number = 0, ""
        while True:
            lease.check()
            following, dropped = await self._presence.forget(
                run.shop_key, absent_before=proof.started_at - self._keep, after=number, limit=self._chunk
            )
            cleared += dropped
            if following is None:
                break
            number = following
        if cleared:
            log.info("presence of gone products cleared", shop_key=run.shop_key, import_id=run.id, count=cleared)
        return cleared
