"""One call at a time and per interval for each shop, by all replicas together."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from math import ceil
from typing import Any, Protocol

from pymongo import ReturnDocument, WriteConcern
from pymongo.errors import DuplicateKeyError

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
    """The line of all replicas: the next free moment per shop, beside the leases, in the database server's time.

    A crash or a lost lease therefore leaves the pace as it was. Acknowledged by the primary alone: a failover may
    lose the last place, which costs one call that comes early.
    """

    def __init__(self, database: Database) -> None:
        self._leases = database.get_collection("ingestor_leases", write_concern=WriteConcern(w=1))

    async def take(self, shop_key: str, interval: float) -> float:
        """Raises PyMongoError when the database does not answer: nothing is called then."""
        due: Any = {"$max": ["$next_at", "$$NOW"]}  # a missing next_at is smaller than any time
        places = [
            {"$set": {"asked_at": "$$NOW", "due_at": due}},
            {"$set": {"next_at": {"$add": ["$due_at", ceil(interval * 1000)]}}},
        ]
        while True:
            try:
                place = await self._leases.find_one_and_update(
                    {"_id": f"pace:{shop_key}"}, places, upsert=True, return_document=ReturnDocument.AFTER
                )
            except DuplicateKeyError:
                continue  # another replica made the document at the same moment
            if place is None:
                raise RuntimeError("an upsert returns its document")
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
