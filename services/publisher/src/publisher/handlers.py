from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import structlog

from publisher.pushing.paused_shops import PausedShops
from publisher.store import Jobs, Pauses, Positions
from shopsync_contracts.events import PushPauseSet
from shopsync_runtime import Delivery, RefusedDelivery

log = structlog.get_logger(__name__)


class Handlers:
    """Stores push commands as jobs. A command that is read again has no effect."""

    def __init__(
        self,
        jobs: Jobs,
        positions: Positions,
        pauses: Pauses,
        paused_shops: PausedShops,
        *,
        wake: Callable[[Iterable[str]], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._jobs = jobs
        self._positions = positions
        self._pauses = pauses
        self._paused_shops = paused_shops
        self._wake = wake
        self._clock = clock

    async def commands(self, batch: Sequence[Delivery]) -> Sequence[RefusedDelivery]:
        """push.requested: one job per product, however many commands. push_pause.set: pauses or resumes the shop."""
        pauses = [delivery for delivery in batch if isinstance(delivery.event.data, PushPauseSet)]
        commands = [delivery for delivery in batch if not isinstance(delivery.event.data, PushPauseSet)]
        await self._positions.note_gaps(batch)
        new = await self._positions.not_taken(commands)
        for one in pauses:
            await self._pauses.note(
                one.event.data,
                set_at=one.event.time,
                source=one.event.source,
                appended=one.timestamp,
                offset=one.offset,
            )
        if pauses:
            await self._paused_shops.refresh()
        if new:
            traces = {one.event.id: one.traceparent for one in new}
            await self._jobs.request([delivery.event for delivery in new], self._clock(), traces)
        # After the jobs. Of pauses nothing depends on the position, but a gap would look as after a restore.
        await self._positions.taken([*new, *pauses])
        if len(new) < len(commands):
            log.info("push commands were read again, their pushes are not repeated", commands=len(commands) - len(new))
        self._wake({delivery.event.data.shop_key for delivery in batch})
        return ()
