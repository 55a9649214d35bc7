"""Takes sweeps in hand: one per shop at a time across all replicas, shops side by side.

A second request for a shop waits while a sweep is in hand, and then runs with an enumeration of its own. A sweep that
waits for its next try is not in hand.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from janitor.steps import Steps
from janitor.store import SweepStore
from shopsync_runtime import Lease, LeaseLost, Leases
from shopsync_runtime.backoff import backoff_delay
from shopsync_runtime.cancelling import stop
from shopsync_runtime.failures import is_retryable
from shopsync_runtime.tracing import continuing

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """`shops_at_once`: sweeps of one replica that are worked on at a time; waiting ones are not counted."""

    lease: timedelta = timedelta(seconds=15)
    poll: timedelta = timedelta(milliseconds=500)
    shops_at_once: int = 16


class Worker:
    """Runs what is queued. A failed step is tried again with back-off; the state says where to go on."""

    def __init__(
        self,
        sweeps: SweepStore,
        leases: Leases,
        steps: Steps,
        *,
        options: WorkerOptions,
        clock: Callable[[], datetime],
    ) -> None:
        self._sweeps = sweeps
        self._leases = leases
        self._steps = steps
        self._options = options
        self._clock = clock
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
                await self._start_shops()
                await self._pause()
        finally:
            await stop(*self._tasks.values())

    async def _start_shops(self) -> None:
        self._tasks = {key: task for key, task in self._tasks.items() if not task.done()}
        for shop_key in await self._sweeps.shops_with_work(self._clock()):
            if len(self._tasks) >= self._options.shops_at_once:
                return
            if shop_key not in self._tasks:
                self._tasks[shop_key] = asyncio.create_task(self._shop(shop_key), name=f"sweep-{shop_key}")

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), self._options.poll.total_seconds())

    async def _shop(self, shop_key: str) -> None:
        """Drive the shop's sweeps until nothing can be done now. Never raises but CancelledError."""
        attempt = 0
        while True:
            try:
                async with self._leases.hold(f"sweep/{shop_key}", self._options.lease) as lease:
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
        while (sweep := await self._sweeps.next_for(shop_key, self._clock())) is not None:
            with continuing(sweep.traceparent):
                if await self._steps.advance(sweep, lease):
                    continue
            if sweep.state == "enumerating":
                return  # `shops_with_work` names the shop again when the report is there or the wait is over
            await asyncio.sleep(self._options.poll.total_seconds())
