"""Limits the calls to each shop: one at a time and per interval, across all replicas."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from shopsync_runtime.call_lines import lines_in, milliseconds, next_free, reserve
from shopsync_runtime.mongo import Database

LATEST = 1.0
"""Seconds after its reserved time in which a call may still be sent. Well below any lease: a process that was suspended
for longer may have been replaced, and the new process queues its calls too."""

_TRIES = 3
"""Reservations to try. After that the database is slow, not this process, and another one would not help."""


class Turns(Protocol):
    """The queue of a shop's calls."""

    async def take(self, shop_key: str, interval: float) -> float:
        """Reserve the next free time. Returns the seconds until then."""
        ...


class SharedTurns:
    """The queue of all replicas in MongoDB. A crash or a lost lease does not change it."""

    def __init__(self, database: Database) -> None:
        self._lines = lines_in(database, "ingestor_leases")

    async def take(self, shop_key: str, interval: float) -> float:
        """Raises PyMongoError when the database does not answer. Then nothing is called."""
        length = milliseconds(timedelta(seconds=interval))
        place = await reserve(
            self._lines,
            f"pace:{shop_key}",
            [
                {"$set": {"asked_at": "$$NOW", "due_at": next_free()}},
                {"$set": {"next_at": {"$add": ["$due_at", length]}}},
            ],
        )
        return float((place["due_at"] - place["asked_at"]).total_seconds())


class Pace:
    """Keeps calls at least `interval` seconds apart. With `turns` None, this process is the only one that calls."""

    def __init__(
        self,
        shop_key: str,
        interval: float,
        turns: Turns | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._shop_key = shop_key
        self._interval = interval
        self._turns = turns
        self._monotonic = monotonic
        self._sleep = sleep
        self._next = monotonic()
        self._lock = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until the next call may be sent, which must then be sent at once."""
        async with self._lock:
            for _ in range(_TRIES):
                if await self._reached():
                    break  # otherwise the process was suspended past its reserved time and must reserve again
            self._next = self._monotonic() + self._interval

    async def _reached(self) -> bool:
        asked = self._monotonic()
        wait = 0.0 if self._turns is None else await self._turns.take(self._shop_key, self._interval)
        due = max(self._monotonic() + wait, self._next)
        while (left := due - self._monotonic()) > 0:
            await self._sleep(left)
        return self._turns is None or self._monotonic() - max(asked + wait, self._next) <= LATEST
