"""Connects the queue of sweeps to the runtime's worker.

A second request for a shop waits while a sweep is running, and then runs with its own enumeration. A sweep that waits
for its next attempt is not running.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from janitor.model import Sweep
from janitor.steps import Steps
from janitor.store import SweepStore
from shopsync_runtime import Lease


class SweepJobs:
    """`poll`: how often to check whether a sweep that waits for the catalog can continue."""

    def __init__(self, sweeps: SweepStore, steps: Steps, *, poll: timedelta, clock: Callable[[], datetime]) -> None:
        self._sweeps = sweeps
        self._steps = steps
        self._poll = poll
        self._clock = clock

    async def shops_with_work(self) -> Sequence[str]:
        """Shops with a sweep that can continue now."""
        return await self._sweeps.shops_with_work(self._clock())

    async def next_for(self, shop_key: str) -> Sweep | None:
        """The shop's sweep to continue with."""
        return await self._sweeps.next_for(shop_key, self._clock())

    async def advance(self, sweep: Sweep, lease: Lease) -> bool:
        """Take one step. Returns False while the sweep waits for its enumeration."""
        if await self._steps.advance(sweep, lease):
            return True
        if sweep.state == "enumerating":
            return False  # `shops_with_work` returns the shop again when the report has come or the wait is over
        await asyncio.sleep(self._poll.total_seconds())
        return True
