"""The workers: take due jobs, shop by shop in turn, and keep their leases while they run."""

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import timedelta

import structlog

from publisher.model import Job
from publisher.pushing.fair_scheduler import FairScheduler
from publisher.pushing.job_leases import JobLeases
from publisher.pushing.job_runner import JobRunner
from publisher.pushing.paused_shops import PausedShops
from shopsync_runtime.cancelling import raise_if_cancelled, stop

log = structlog.get_logger(__name__)


class Workers:
    """As many pushes at once as the scheduler allows; one per product across all replicas.

    A job is claimed only when its shop could soon make the calls: jobs that wait for a rate, a pause or an open breaker
    wait in the store, not in a worker. So do those of a shop that an operator paused.

    `wake_up`: set when a job or a place may have become available.
    """

    def __init__(
        self,
        leases: JobLeases,
        job_runner: JobRunner,
        scheduler: FairScheduler,
        paused_shops: PausedShops,
        *,
        wake_up: asyncio.Event,
        poll_interval: timedelta,
    ) -> None:
        self._leases = leases
        self._job_runner = job_runner
        self._scheduler = scheduler
        self._paused_shops = paused_shops
        self._wake_up = wake_up
        self._poll_seconds = poll_interval.total_seconds()
        self._poll_at = 0.0

    def wake(self, shops: Iterable[str] = ()) -> None:
        """These shops may have due jobs, or a place is free again."""
        self._scheduler.add(shops)
        self._wake_up.set()

    async def run(self) -> None:
        """Until cancelled. Raises when Kafka or MongoDB is away: leases then run out and the jobs are claimed again.

        A push that is cancelled releases its lease, so that the next process can go on at once.
        """
        await self._leases.release_former()
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake_up.clear()
                await self._look_for_shops()
                raise_if_cancelled()  # a group that is being ended takes no task
                while (shop := self._scheduler.next_shop()) is not None:
                    group.create_task(self._work(shop), name=f"push-{shop}")
                # Not wait_for: in Python 3.11 it loses a cancellation that meets the wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(self._poll_at):
                        await self._wake_up.wait()

    async def _look_for_shops(self) -> None:
        """Once per poll interval: jobs that fall due by time, and those that other replicas stored."""
        now = asyncio.get_running_loop().time()
        if now >= self._poll_at:
            self._poll_at = now + self._poll_seconds
            await self._paused_shops.refresh()
            self._scheduler.add(await self._leases.due_shops())

    async def _work(self, shop: str) -> None:
        try:
            job = await self._leases.claim(shop)
            raise_if_cancelled()
            self._scheduler.claimed(shop, found=job is not None)
            if job is not None:
                self.wake()  # the shop may have its next turn
                await self._carry_out(job)
        finally:
            self._scheduler.release(shop)
            self.wake()

    async def _carry_out(self, job: Job) -> None:
        running = asyncio.create_task(self._job_runner.run(job))
        try:
            await self._keep_lease(job, running)
        finally:
            await stop(running)
            if running.cancelled() or running.exception() is not None:
                await self._leases.release(job)
        if not running.cancelled():
            running.result()

    async def _keep_lease(self, job: Job, running: "asyncio.Task[None]") -> None:
        """Renew the lease while the push runs; returns when it has ended or the lease is lost."""
        while True:
            raise_if_cancelled()
            await asyncio.wait({running}, timeout=self._leases.renew_seconds)
            if running.done():
                return
            if not await self._leases.renew(job):
                log.warning("another worker has the job now", shop_key=job.shop_key, product_no=job.product_no)
                return
