"""The queue of calls that wait for a shop's send times."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from heapq import heappop, heappush
from itertools import count
from typing import Any

Rank = tuple[Any, ...]
"""Orders urgent calls; the empty rank goes first."""

_URGENT_IN_A_ROW = 4
"""Urgent turns after which one other call has its turn. Chosen: a fifth of the rate for readings of reviews."""


class CallQueue:
    """One caller at a time: urgent ones first by rank, then as they arrived; every fifth turn is for the others."""

    def __init__(self) -> None:
        self._urgent: list[tuple[Rank, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._others: deque[asyncio.Future[None]] = deque()
        self._taken = False
        self._in_a_row = 0

    def waiting(self, *, urgent: bool) -> int:
        """How many wait, without the one that has the turn."""
        places = (place for *_, place in self._urgent) if urgent else self._others
        return sum(not place.done() for place in places)

    @contextlib.asynccontextmanager
    async def turn(self, *, urgent: bool, rank: Rank = ()) -> AsyncIterator[None]:
        """Wait for the turn and hold it during the block. A waiter that is cancelled leaves the queue."""
        if self._taken:
            place = asyncio.get_running_loop().create_future()
            if urgent:
                heappush(self._urgent, (rank, next(self._numbers), place))
            else:
                self._others.append(place)
            try:
                await place
            except asyncio.CancelledError:
                if place.done() and not place.cancelled():
                    self._pass_on()  # granted at the moment of the cancellation
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
                return  # still taken: no other caller comes in between
        self._taken = False

    def _next(self) -> "asyncio.Future[None] | None":
        if self._urgent and (self._in_a_row < _URGENT_IN_A_ROW or not self._others):
            self._in_a_row += 1
            return heappop(self._urgent)[-1]
        self._in_a_row = 0
        return self._others.popleft() if self._others else None
