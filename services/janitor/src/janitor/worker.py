"""Takes sweeps in hand: one per shop at a time across all replicas, shops side by side.

A second request for a shop waits until the first sweep is done, and then runs with an enumeration of its own.
"""

import asyncio
import contextlib
from datetime import timedelta

import structlog

from janitor.steps import Steps
from janitor.store import SweepStore
from shopsync_runtime import Lease, LeaseLost, Leases
from shopsync_runtime.backoff import backoff_delay
from shopsync_runtime.failures import is_retryable
from shopsync_runtime.tracing import continuing

log = structlog.get_logger(__name__)


class Worker:
    """Runs what is queued. A failed step is tried again with back-off; the state says where to go on."""

    def __init__(self, sweeps: SweepStore, leases: Leases, steps: Steps, *, lease: timedelta, poll: timedelta) -> None:
        self._sweeps = sweeps
        self._leases = leases
        self._steps = steps
        self._lease = lease
        self._poll = poll.total_seconds()
        self._wake = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """There is news; do not wait for the next look."""
        self._wake.set()

    async def run(self) -> None:
        """For ever. Cancelling it leaves every sweep in its stored state."""
        try:
            while True:
                self._wake.clear()
                for shop_key in await self._sweeps.shops_with_work():
                    if shop_key not in self._tasks or self._tasks[shop_key].done():
                        self._tasks[shop_key] = asyncio.create_task(self._shop(shop_key), name=f"sweep-{shop_key}")
                self._tasks = {key: task for key, task in self._tasks.items() if not task.done()}
                await self._pause()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), self._poll)

    async def _shop(self, shop_key: str) -> None:
        """Drive the shop's sweeps until none is left. Never raises but CancelledError."""
        attempt = 0
        while True:
            try:
                async with self._leases.hold(f"sweep/{shop_key}", self._lease) as lease:
                    if lease is not None:
                        await self._drive(shop_key, lease)
                    return
            except LeaseLost as error:
                log.warning("sweep handed over", shop_key=shop_key, reason=str(error))
                return
            except Exception as error:
                attempt += 1
                delay = backoff_delay(attempt)
                log.warning(
                    "sweep interrupted", shop_key=shop_key, again_in_s=round(delay, 2),
                    error=f"{type(error).__name__}: {error}"[:300], exc_info=not is_retryable(error),
                )  # fmt: skip
                await asyncio.sleep(delay)

    async def _drive(self, shop_key: str, lease: Lease) -> None:
        while (sweep := await self._sweeps.next_for(shop_key)) is not None:
            with continuing(sweep.traceparent):
                if not await self._steps.advance(sweep, lease):
                    await asyncio.sleep(self._poll)
