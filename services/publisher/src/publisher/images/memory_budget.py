"""A memory budget for image files: whoever reads one reserves its bytes first."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator


class MemoryBudget:
    """So many bytes for all together, first come first served."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._free = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @contextlib.asynccontextmanager
    async def share(self) -> AsyncIterator["BudgetShare"]:
        """Something to take room with; all of it is free again at the end of the block."""
        share = BudgetShare(self)
        try:
            yield share
        finally:
            share.shrink_to(0)

    async def acquire(self, amount: int) -> int:
        """Wait for room. What is larger than the whole room gets all of it. Gives what was taken."""
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
                self.release(amount)  # the room came together with the cancellation
            else:
                self.release(0)  # those behind may fit where this one did not
            raise
        return amount

    def release(self, amount: int) -> None:
        """Let in whoever fits now, in their order."""
        self._free += amount
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= self._free):
            wanted, place = self._waiting.popleft()
            if not place.done():
                self._free -= wanted
                place.set_result(None)


class BudgetShare:
    """What one file has of the room."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._held = 0

    async def acquire(self, amount: int) -> None:
        """Wait for so much more."""
        self._held += await self._budget.acquire(amount)

    def shrink_to(self, amount: int) -> None:
        """Give back what is over `amount`."""
        self._budget.release(max(0, self._held - amount))
        self._held = min(self._held, amount)
