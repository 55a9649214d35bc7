from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from publisher.pushing.pausing import PauseGate
from publisher.store import Jobs, Pauses
from shopsync_contracts.events import PushPauseSet
from shopsync_runtime import Delivery, Refusal


class Handlers:
    """Kafka's side of the inbox: a command is safe once its job is in MongoDB. Redelivered ones do no harm."""

    def __init__(
        self,
        jobs: Jobs,
        pauses: Pauses,
        gate: PauseGate,
        *,
        wake: Callable[[Iterable[str]], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._jobs = jobs
        self._pauses = pauses
        self._gate = gate
        self._wake = wake
        self._clock = clock

    async def commands(self, batch: Sequence[Delivery]) -> Sequence[Refusal]:
        """push.requested: one job per product, however many commands. push_pause.set: the shop's jobs wait or go on."""
        said = [delivery for delivery in batch if isinstance(delivery.event.data, PushPauseSet)]
        commands = [delivery.event for delivery in batch if not isinstance(delivery.event.data, PushPauseSet)]
        for one in said:
            await self._pauses.note(
                one.event.data,
                set_at=one.event.time,
                source=one.event.source,
                appended=one.timestamp,
                offset=one.offset,
            )
        if said:
            await self._gate.refresh()
        if commands:
            await self._jobs.request(commands, self._clock())
        self._wake({delivery.event.data.shop_key for delivery in batch})
        return ()
