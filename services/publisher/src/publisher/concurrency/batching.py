"""Calls that are requested while another is in progress are sent together, as one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

I = TypeVar("I")  # noqa: E741 - an item
R = TypeVar("R")


class Batcher(Generic[I, R]):
    """Processes items, one batch at a time. An item that arrives alone is processed at once, without a delay.

    `carry_out` returns one result per item, in order. When it raises, every waiter of the batch gets the error. The
    cancellation of a waiter does not change the batch.

    `apart`: seconds between the beginnings of two batches, unless a batch of `most` items waits. Items that come in
    quick succession wait as long, and are processed together.
    """

    def __init__(
        self, carry_out: Callable[[Sequence[I]], Awaitable[Sequence[R]]], *, most: int = 100, apart: float = 0.0
    ) -> None:
        self._carry_out = carry_out
        self._most = most
        self._apart = apart
        self._next_at = 0.0
        self._waiting: list[tuple[I, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def run(self, item: I) -> R:
        """The item's result, once its batch is done."""
        place: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, place))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await place

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._until_next()
                batch = self._waiting[: self._most]
                del self._waiting[: self._most]
                await self._one(batch)
        finally:
            self._running = None
            for _, place in self._waiting:  # not empty only if this task was cancelled
                place.cancel()
            self._waiting.clear()

    async def _until_next(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._next_at and len(self._waiting) < self._most:
            await asyncio.sleep(self._next_at - now)
            now = self._next_at
        self._next_at = now + self._apart

    async def _one(self, batch: Sequence[tuple[I, "asyncio.Future[R]"]]) -> None:
        try:
            results = await self._carry_out([item for item, _ in batch])
        except asyncio.CancelledError:
            for _, place in batch:
                place.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - whoever waits raises it
            for _, place in batch:
                if not place.done():
                    place.set_exception(error)
            return
        for (_, place), result in zip(batch, results, strict=True):
            if not place.done():
                place.set_result(result)
