"""The workers: claim due jobs, shop by shop in turn, and keep their leases while they run."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from uuid import uuid4

import structlog
from pymongo.errors import PyMongoError

from publisher.model import Job
from publisher.pushing.fair_scheduler import FairScheduler
from publisher.pushing.job_runner import JobRunner
from publisher.pushing.paused_shops import PausedShops
from publisher.settings import PublisherSettings
from publisher.store import Jobs
from publisher.tiktok.shops import Shops
from shopsync_runtime.cancelling import raise_if_cancelled, stop

log = structlog.get_logger(__name__)

_GIVE_UP_SECONDS = 2.0
_FIRST_OF_A_SHOP = 4


class Workers:
    """At most `workers` pushes at once, `workers_per_shop` of one shop, one per product across all replicas.

    A job is claimed only when its shop could soon make the calls: jobs that wait for a rate, a pause or an open breaker
    wait in the store, not in a worker. So do those of a shop that an operator paused.

    `instance` is a name that no other living replica has: whatever is leased under it when this begins was a killed
    process's and goes on at once. Without a name it waits until the lease runs out.
    """

    def __init__(
        self,
        jobs: Jobs,
        job_runner: JobRunner,
        shops: Shops,
        settings: PublisherSettings,
        clock: Callable[[], datetime],
        *,
        paused_shops: PausedShops,
        instance: str | None = None,
    ) -> None:
        self._jobs = jobs
        self._job_runner = job_runner
        self._settings = settings
        self._clock = clock
        self._instance = instance
        self._paused_shops = paused_shops

        def may_begin(shop: str, busy: int) -> bool:
            return not paused_shops.is_paused(shop) and shops.has_capacity(shop, busy)

        self._scheduler = FairScheduler(settings.workers, settings.workers_per_shop, may_begin, first=_FIRST_OF_A_SHOP)
        self._wake = asyncio.Event()
        self._look_at = 0.0

    def wake(self, shops: Iterable[str] = ()) -> None:
        """There may be something to do, for these shops or with a place that is free again."""
        self._scheduler.add(shops)
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled. Raises when Kafka or MongoDB is away; leases then run out and the jobs come again.

        A push that is cancelled gives its lease back, so that the next process goes on at once.
        """
        await self._take_over()
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                await self._look_for_shops()
                raise_if_cancelled()  # a group that is being ended takes no task
                while (shop := self._scheduler.next_shop()) is not None:
                    group.create_task(self._work(shop), name=f"push-{shop}")
                # Not wait_for: in Python 3.11 it loses a cancellation that meets the wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(self._look_at):
                        await self._wake.wait()

    async def _take_over(self) -> None:
        if self._instance is not None:
            count = await self._jobs.release_all_of(self._instance, self._clock())
            if count:
                log.info("pushes of this instance's last life go on", jobs=count)

    async def _look_for_shops(self) -> None:
        """Once per poll_interval: what falls due by time, and what other replicas took in."""
        now = asyncio.get_running_loop().time()
        if now >= self._look_at:
            self._look_at = now + self._settings.poll_interval.total_seconds()
            await self._paused_shops.refresh()
            self._scheduler.add(await self._jobs.due_shops(self._clock()))

    async def _work(self, shop: str) -> None:
        try:
            job = await self._claim(shop)
            raise_if_cancelled()
            self._scheduler.claimed(shop, found=job is not None)
            if job is not None:
                self.wake()  # the shop may have its next turn
                await self._carry_out(job)
        finally:
            self._scheduler.release(shop)
            self.wake()

    async def _claim(self, shop: str) -> Job | None:
        owner = str(uuid4()) if self._instance is None else f"{self._instance}/{uuid4()}"
        try:
            return await self._jobs.claim(shop, owner=owner, now=self._clock(), lease=self._settings.job_lease)
        except BaseException:  # nobody knows whether there is a lease
            await self._give_up(self._jobs.abandon(shop, owner))
            raise

    async def _carry_out(self, job: Job) -> None:
        running = asyncio.create_task(self._job_runner.run(job))
        try:
            await self._keep(job, running)
        finally:
            await stop(running)
            if running.cancelled() or running.exception() is not None:
                await self._give_up(self._jobs.release(job))
        if not running.cancelled():
            running.result()

    async def _keep(self, job: Job, running: "asyncio.Task[None]") -> None:
        """Renew the lease while the push runs; returns when it has ended or the lease is lost."""
        pause = self._settings.job_lease.total_seconds() / 3
        while True:
            raise_if_cancelled()
            await asyncio.wait({running}, timeout=pause)
            if running.done():
                return
            if not await self._jobs.renew(job, self._clock() + self._settings.job_lease):
                log.warning("another worker has the job now", shop_key=job.shop_key, product_no=job.product_no)
                return

    async def _give_up(self, giving: Awaitable[None]) -> None:
        """Best effort at shutdown and in outages: a lease that is not given back runs out."""
        with contextlib.suppress(PyMongoError, TimeoutError):
            async with asyncio.timeout(_GIVE_UP_SECONDS):
                await giving
