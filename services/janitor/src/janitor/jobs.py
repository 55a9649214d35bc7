"""What the runtime's worker does with queued sweeps.

A second request for a shop waits while a sweep is under way, and then runs with an enumeration of its own. A sweep that
waits for its next try is not under way.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from janitor.model import Sweep
from janitor.steps import Steps
from janitor.store import SweepStore
from shopsync_runtime import Lease


class SweepJobs:
    """`poll`: how often to look whether a sweep that waits for the catalog can go on."""

    def __init__(self, sweeps: SweepStore, steps: Steps, *, poll: timedelta, clock: Callable[[], datetime]) -> None:
        self._sweeps = sweeps
        self._steps = steps
        self._poll = poll
        self._clock = clock

    async def shops_with_work(self) -> Sequence[str]:
        """Shops where something can be done now."""
        return await self._sweeps.shops_with_work(self._clock())

    async def next_for(self, shop_key: str) -> Sweep | None:
        """The shop's sweep to go on with."""
        return await self._sweeps.next_for(shop_key, self._clock())

    async def advance(self, sweep: Sweep, lease: Lease) -> bool:
        """One step; False while the enumeration is waited for."""
        if await self._steps.advance(sweep, lease):
            return True
        if sweep.state == "enumerating":
            return False  # `shops_with_work` names the shop again when the report is there or the wait is over
        await asyncio.sleep(self._poll.total_seconds())
        return True
