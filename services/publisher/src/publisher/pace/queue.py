import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

_URGENT_IN_A_ROW = 4


class PaceQueue:
    """One at a time, first come first served; urgent callers first, but every fifth turn is another's if one waits."""

    def __init__(self) -> None:
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._taken = False
        self._in_a_row = 0

    def waiting(self, *, urgent: bool) -> int:
        """How many stand in line, the one whose turn it is left out."""
        return sum(not place.done() for place in (self._urgent if urgent else self._others))

    @contextlib.asynccontextmanager
    async def turn(self, *, urgent: bool) -> AsyncIterator[None]:
        """Hold the turn. A waiter that is cancelled leaves the line."""
        if self._taken:
            place = asyncio.get_running_loop().create_future()
            (self._urgent if urgent else self._others).append(place)
            try:
                await place
            except asyncio.CancelledError:
                if place.done() and not place.cancelled():
                    self._pass_on()  # the turn came together with the cancellation
                raise
        self._taken = True
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        while (place := self._next()) is not None:
            if not place.done():
                place.set_result(None)
                return  # still taken: nobody slips in between
        self._taken = False

    def _next(self) -> "asyncio.Future[None] | None":
        if self._urgent and (self._in_a_row < _URGENT_IN_A_ROW or not self._others):
            self._in_a_row += 1
            return self._urgent.popleft()
        self._in_a_row = 0
        return self._others.popleft() if self._others else None
