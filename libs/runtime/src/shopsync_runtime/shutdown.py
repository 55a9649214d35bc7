"""What a handler that waits has to know of the end of the process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shopsync_runtime.cancelling import stop
from shopsync_runtime.errors import RetryableError
from shopsync_runtime.waiting import POLL_SECONDS, comes_true

T = TypeVar("T")


class ShuttingDown(RetryableError):
    """The process ends: the message is handed back, and whoever reads it next begins the wait again."""


class Shutdown:
    """Begins once. A handler waits by `eventually` only: what it waits for may never come while the process ends."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()

    def begin(self) -> None:
        """No handler waits any longer."""
        self._begun.set()

    async def eventually(
        self, check: Callable[[], Awaitable[bool]], seconds: float, *, poll: float = POLL_SECONDS
    ) -> bool:
        """Whether the check comes true within so many seconds. Raises ShuttingDown as soon as shutdown begins.

        The check may be cancelled, so it must be safe to repeat.
        """
        return await self._unless_begun(comes_true(check, seconds, poll=poll))

    async def _unless_begun(self, work: Awaitable[T]) -> T:
        task, begun = asyncio.ensure_future(work), asyncio.ensure_future(self._begun.wait())
        try:
            await asyncio.wait({task, begun}, return_when=asyncio.FIRST_COMPLETED)
            if self._begun.is_set():
                raise ShuttingDown("the process ends while a message waits; it is handed back")
            return task.result()
        finally:
            await stop(task, begun)
