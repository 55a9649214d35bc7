"""A memory budget for image files: the bytes of a file are reserved before it is read."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator


class MemoryBudget:
    """`size` bytes for all files together, first come first served."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._free = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @contextlib.asynccontextmanager
    async def share(self) -> AsyncIterator["BudgetShare"]:
        """A share to acquire bytes with; all of them are released at the end of the block."""
        share = BudgetShare(self)
        try:
            yield share
        finally:
            share.shrink_to(0)

    async def acquire(self, amount: int) -> int:
        """Wait for `amount` bytes, or for all of the budget when that is less. Returns how many were acquired."""
        amount = min(amount, self._size)
        if not self._waiting and amount <= self._free:
            self._free -= amount
            return amount
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, place))
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.release(amount)  # granted at the moment of the cancellation
            else:
                self.release(0)  # a smaller request behind this one may fit now
            raise
        return amount

    def release(self, amount: int) -> None:
        """Free `amount` bytes, then grant waiting requests in order as far as they fit."""
        self._free += amount
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= self._free):
            wanted, place = self._waiting.popleft()
            if not place.done():
                self._free -= wanted
                place.set_result(None)


class BudgetShare:
    """The bytes that one file holds of the budget."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._held = 0

    async def acquire(self, amount: int) -> None:
        """Wait for `amount` more bytes."""
        self._held += await self._budget.acquire(amount)

    def shrink_to(self, amount: int) -> None:
        """Release all but `amount` bytes."""
        self._budget.release(max(0, self._held - amount))
        self._held = min(self._held, amount)
