"""The workers: claim due jobs, shop by shop in turn, and keep their leases while they run."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import structlog
from pymongo.errors import PyMongoError

from publisher.attempt import Attempts
from publisher.model import Job
from publisher.rota import Rota
from publisher.settings import PublisherSettings
from publisher.store import Jobs
from shopsync_runtime.cancelling import raise_if_cancelled, stop

log = structlog.get_logger(__name__)

_GIVE_UP_SECONDS = 2.0


class Workers:
    """At most `workers` pushes at once, `workers_per_shop` of one shop, one per product across all replicas."""

    def __init__(
        self, jobs: Jobs, attempts: Attempts, settings: PublisherSettings, clock: Callable[[], datetime]
    ) -> None:
        self._jobs = jobs
        self._attempts = attempts
        self._settings = settings
        self._clock = clock
        self._rota = Rota(settings.workers_per_shop)
        self._wake = asyncio.Event()
        self._looked_at: datetime | None = None

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled. Raises when Kafka or MongoDB is away; leases then run out and the jobs come again.

        A push that is cancelled gives its lease back, so that the next process goes on at once.
        """
        async with asyncio.TaskGroup() as group:
            places = asyncio.Semaphore(self._settings.workers)
            while True:
                await places.acquire()
                shop, job = await self._next()
                raise_if_cancelled()
                task = group.create_task(self._work(shop, job), name=f"push-{job.id}")
                task.add_done_callback(lambda _: places.release())

    async def _next(self) -> tuple[str, Job]:
        """Wait for the next job, fair between shops."""
        while True:
            raise_if_cancelled()
            self._wake.clear()
            await self._look_for_shops()
            claimed = await self._claim()
            if claimed is not None:
                return claimed
            self._looked_at = None
            # Not wait_for: in Python 3.11 it loses a cancellation that meets the wake-up.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.poll_interval.total_seconds()):
                    await self._wake.wait()

    async def _look_for_shops(self) -> None:
        """Not before every claim: the query reads the whole queue."""
        now = self._clock()
        if self._looked_at is None or now - self._looked_at >= self._settings.poll_interval:
            self._rota.add(await self._jobs.due_shops(now))
            self._looked_at = now

    async def _claim(self) -> tuple[str, Job] | None:
        while (shop := self._rota.take()) is not None:
            job = await self._jobs.claim(shop, owner=str(uuid4()), now=self._clock(), lease=self._settings.job_lease)
            if job is not None:
                return shop, job
            self._rota.give_back(shop)
            self._rota.remove(shop)
        return None

    async def _work(self, shop: str, job: Job) -> None:
        running = asyncio.create_task(self._attempts.run(job))
        renewing = asyncio.create_task(self._keep(job))
        try:
            await asyncio.wait({running, renewing}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                renewing.result()
                log.warning("another worker has the job now", shop_key=job.shop_key, product_no=job.product_no)
        finally:
            await stop(running, renewing)
            self._rota.give_back(shop)
            self.wake()
            if running.cancelled() or running.exception() is not None:
                await self._give_up(job)
        if not running.cancelled():
            running.result()

    async def _give_up(self, job: Job) -> None:
        """Best effort at shutdown and in outages: a lease that is not given back runs out."""
        with contextlib.suppress(PyMongoError, TimeoutError):
            async with asyncio.timeout(_GIVE_UP_SECONDS):
                await self._jobs.release(job)

    async def _keep(self, job: Job) -> None:
        """Renew the lease while the push runs; returns when it is lost."""
        pause = self._settings.job_lease.total_seconds() / 3
        while True:
            raise_if_cancelled()
            await asyncio.sleep(pause)
            if not await self._jobs.renew(job, self._clock() + self._settings.job_lease):
                return
