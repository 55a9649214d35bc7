from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from publisher.store import Jobs
from shopsync_runtime import Delivery, Refusal


class Handlers:
    """Kafka's side of the inbox: a command is safe once its job is in MongoDB. Redelivered ones do no harm."""

    def __init__(self, jobs: Jobs, wake: Callable[[Iterable[str]], None], clock: Callable[[], datetime]) -> None:
        self._jobs = jobs
        self._wake = wake
        self._clock = clock

    async def commands(self, batch: Sequence[Delivery]) -> Sequence[Refusal]:
        """push.requested: one job per product, however many commands."""
        commands = [delivery.event for delivery in batch]
        await self._jobs.request(commands, self._clock())
        self._wake({command.data.shop_key for command in commands})
        return ()
