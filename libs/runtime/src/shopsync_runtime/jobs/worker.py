"""The worker: one job per shop at a time across all replicas, several shops concurrently."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

import structlog

from shopsync_runtime.backoff import backoff_delay
from shopsync_runtime.cancelling import raise_if_cancelled, stop
from shopsync_runtime.errors import LeaseLost
from shopsync_runtime.failures import is_retryable
from shopsync_runtime.leases import Lease, Leases
from shopsync_runtime.tracing import continuing

log = structlog.get_logger(__name__)


class Job(Protocol):
    """The part of a job that the worker needs."""

    @property
    def traceparent(self) -> str | None:
        """The trace of the request that created the job."""


J = TypeVar("J", bound=Job)


class ShopJobs(Protocol[J]):
    """A service's queue and how it processes a job."""

    async def shops_with_work(self) -> Sequence[str]:
        """Shops with work that can be done now, the longest waiting first."""

    async def next_for(self, shop_key: str) -> J | None:
        """The shop's job to continue with; None when there is nothing to do now."""

    async def advance(self, job: J, lease: Lease) -> bool:
        """Process the job as far as possible under the shop's lease. False: leave the shop until the next poll."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """`poll`: how often to look for work without a wake-up. `shops_at_once`: concurrent shops of this replica."""

    lease: timedelta
    poll: timedelta
    shops_at_once: int


class ShopWorker(Generic[J]):
    """Runs a queue. A job that fails stays in its stored state and is retried after a back-off.

    `kind` names the jobs in the logs, and the leases: `{kind}/{shop_key}`.
    """

    def __init__(self, kind: str, jobs: ShopJobs[J], leases: Leases, options: WorkerOptions) -> None:
        self._kind = kind
        self._handed_over, self._interrupted = f"{kind} handed over", f"{kind} interrupted"
        self._jobs = jobs
        self._leases = leases
        self._options = options
        self._wake = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, int] = {}

    def wake(self) -> None:
        """Look for work now instead of at the next poll."""
        self._wake.set()

    async def run(self) -> None:
        """Run indefinitely. Cancelling it leaves every job in its stored state."""
        try:
            while True:
                self._wake.clear()
                await self._start_shops()
                # In Python 3.11 `wait_for` loses a cancellation that arrives together with the wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._options.poll.total_seconds()):
                        await self._wake.wait()
        finally:
            await stop(*self._tasks.values())

    async def _start_shops(self) -> None:
        found = await self._jobs.shops_with_work()
        raise_if_cancelled()
        self._tasks = {shop_key: task for shop_key, task in self._tasks.items() if not task.done()}
        for shop_key in found:
            if len(self._tasks) >= self._options.shops_at_once:
                return
            if shop_key not in self._tasks:
                self._tasks[shop_key] = asyncio.create_task(self._shop(shop_key), name=f"{self._kind}-{shop_key}")

    async def _shop(self, shop_key: str) -> None:
        """Process the shop's queue while the lease is ours. Only raises CancelledError."""
        try:
            async with self._leases.hold(f"{self._kind}/{shop_key}", self._options.lease) as lease:
                if lease is not None:
                    await self._process_queue(shop_key, lease)
            self._failures.pop(shop_key, None)
        except LeaseLost as error:
            log.warning(self._handed_over, shop_key=shop_key, reason=str(error))
        except Exception as error:
            attempt = self._failures[shop_key] = self._failures.get(shop_key, 0) + 1
            delay = backoff_delay(attempt)
            log.warning(
                self._interrupted,
                shop_key=shop_key,
                again_in_s=round(delay, 2),
                error=f"{type(error).__name__}: {error}"[:300],
                exc_info=not is_retryable(error),
            )
            await asyncio.sleep(delay)

    async def _process_queue(self, shop_key: str, lease: Lease) -> None:
        while (job := await self._jobs.next_for(shop_key)) is not None:
            raise_if_cancelled()
            with continuing(job.traceparent):
                if not await self._jobs.advance(job, lease):
                    return
