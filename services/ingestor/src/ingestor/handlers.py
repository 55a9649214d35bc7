from collections.abc import Callable
from datetime import datetime

import structlog

from ingestor.ids import import_id_of
from ingestor.model import ImportRun
from ingestor.store import ImportStore
from shopsync_contracts.events import ImportRequested
from shopsync_contracts.times import to_the_millisecond
from shopsync_runtime import Delivery, PermanentError

log = structlog.get_logger(__name__)


class Handlers:
    """Stores commands as imports, which the worker runs."""

    def __init__(self, imports: ImportStore, wake: Callable[[], None], *, clock: Callable[[], datetime]) -> None:
        self._imports = imports
        self._wake = wake
        self._clock = clock

    async def command(self, delivery: Delivery) -> None:
        """Queue the requested import. A repeated command requests the same import."""
        event = delivery.event
        if not isinstance(event.data, ImportRequested):
            raise PermanentError(f"{event.type} is no import command")
        run = ImportRun(
            id=import_id_of(event.source, event.id),
            shop_key=event.data.shop_key,
            mode=event.data.mode,
            then_sync=event.data.then_sync,
            request_id=event.id,
            confirm_shrink_of=event.data.confirm_shrink_of,
            requested_at=to_the_millisecond(self._clock()),
            traceparent=delivery.traceparent,
        )
        new = await self._imports.add(run)
        log.info(
            "import queued" if new else "import known already",
            shop_key=run.shop_key,
            mode=run.mode,
            import_id=run.id,
            event_id=event.id,
        )
        self._wake()
