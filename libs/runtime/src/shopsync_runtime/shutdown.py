"""Tells waiting handlers that the process is shutting down."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shopsync_runtime.cancelling import stop
from shopsync_runtime.errors import RetryableError
from shopsync_runtime.waiting import POLL_SECONDS, comes_true

T = TypeVar("T")


class ShuttingDown(RetryableError):
    """The process ends while a message waits. The message is not committed, and the next reader waits again."""


class Shutdown:
    """The shutdown of the process. Handlers only wait in `eventually`: during shutdown the event may never come."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()

    def begin(self) -> None:
        """End all waits."""
        self._begun.set()

    async def eventually(
        self, check: Callable[[], Awaitable[bool]], seconds: float, *, poll: float = POLL_SECONDS
    ) -> bool:
        """Whether the check becomes true within `seconds`. Raises ShuttingDown as soon as shutdown begins.

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
