import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from shopsync_runtime.backoff import backoff_delay
from shopsync_runtime.cancelling import stop as cancel
from shopsync_runtime.metrics import BACKGROUND_RESTARTS
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)

_STEADY_AFTER = 60.0


class BackgroundTask:
    """One supervised coroutine. An error is logged and counted, and the coroutine starts again after a back-off.

    When it returns, it is done. It is cancelled at shutdown, so its steps must be safe to repeat.
    """

    def __init__(
        self, name: str, run: Callable[[], Awaitable[None]], *, delay: Callable[[int], float] = backoff_delay
    ) -> None:
        self.name = name
        self._run = run
        self._delay = delay
        self._task: asyncio.Task[None] | None = None
        self.failure: str | None = None

    @property
    def healthy(self) -> bool:
        """Whether it runs or is done; False while it waits after a failure."""
        return self.failure is None and self._task is not None

    def start(self) -> None:
        """Start the task in the running event loop."""
        self._task = asyncio.create_task(self._supervise(), name=f"background-{self.name}")

    async def stop(self) -> None:
        """Cancel the task until it ends, and wait for it."""
        if self._task is not None:
            await cancel(self._task)

    async def _supervise(self) -> None:
        attempt = 0
        while True:
            started = time.monotonic()
            try:
                await self._run()
            except Exception as error:
                attempt = 1 if time.monotonic() - started > _STEADY_AFTER else attempt + 1
                self.failure = error_text(error)[:300]
                BACKGROUND_RESTARTS.labels(self.name).inc()
                delay = self._delay(attempt)
                log.exception("background task failed", task=self.name, attempt=attempt, again_in_s=round(delay, 2))
            else:
                log.info("background task is done", task=self.name)
                return
            await asyncio.sleep(delay)
            self.failure = None
