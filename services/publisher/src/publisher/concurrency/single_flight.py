"""Work that several callers ask for at the same time is done once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class SingleFlight(Generic[V]):
    """Work in progress by key: a caller that comes while it runs gets the same result, or the same error.

    A caller that is cancelled does not stop the work for the others.
    """

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[V]] = {}

    async def run(self, key: Hashable, work: Callable[[], Awaitable[V]]) -> V:
        """The result of `work`, started now or in progress already."""
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(_await(work))
            self._running[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return await asyncio.shield(task)

    def _ended(self, key: Hashable, task: asyncio.Task[V]) -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            task.exception()  # retrieved, or asyncio logs it when no caller is left


async def _await(work: Callable[[], Awaitable[V]]) -> V:
    return await work()
