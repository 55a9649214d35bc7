"""One call at a time and per interval for each shop, by all replicas together."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from shopsync_runtime.call_lines import lines_in, milliseconds, next_free, reserve
from shopsync_runtime.mongo import Database

LATEST = 1.0
"""Seconds after its turn that a call may still be sent. Well below any lease: a process that was stopped for longer may
have been taken over, and the new one's calls stand in the same line."""

_TRIES = 3
"""Then it is the database that is slow, not we, and waiting again would not help."""


class Turns(Protocol):
    """The line that a shop's calls stand in."""

    async def take(self, shop_key: str, interval: float) -> float:
        """Take the next place; returns the seconds until it is due."""
        ...


class SharedTurns:
    """The line of all replicas, beside the leases: a crash or a lost lease leaves the pace as it was."""

    def __init__(self, database: Database) -> None:
        self._lines = lines_in(database, "ingestor_leases")

    async def take(self, shop_key: str, interval: float) -> float:
        """Raises PyMongoError when the database does not answer: nothing is called then."""
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
    """Lets calls through, at least `interval` seconds apart. `turns` None: this process is the only one that calls."""

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
        """Wait until the next call may be sent; send it at once."""
        async with self._lock:
            for _ in range(_TRIES):
                if await self._reached():
                    break  # otherwise the process was held up and its place is over: to the end of the line
            self._next = self._monotonic() + self._interval

    async def _reached(self) -> bool:
        asked = self._monotonic()
        wait = 0.0 if self._turns is None else await self._turns.take(self._shop_key, self._interval)
        due = max(self._monotonic() + wait, self._next)
        while (left := due - self._monotonic()) > 0:
            await self._sleep(left)
        return self._turns is None or self._monotonic() - max(asked + wait, self._next) <= LATEST
