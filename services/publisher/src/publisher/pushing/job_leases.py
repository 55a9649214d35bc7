"""Leases on jobs: who carries out which job, until when."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from pymongo.errors import PyMongoError

from publisher.model import Job
from publisher.store import Jobs

log = structlog.get_logger(__name__)

_RELEASE_SECONDS = 2.0
_RENEWALS_PER_LEASE = 3
"""Two renewals may fail before the lease runs out."""


class JobLeases:
    """Claims jobs of this replica, each under an owner of its own.

    `instance` is a name that no other living replica has: what is leased under it at the start belonged to a killed
    process, and is released at once. Without a name it waits until the lease runs out.
    """

    def __init__(self, jobs: Jobs, *, lease: timedelta, instance: str | None, clock: Callable[[], datetime]) -> None:
        self._jobs = jobs
        self._lease = lease
        self._instance = instance
        self._clock = clock
        self.renew_seconds = lease.total_seconds() / _RENEWALS_PER_LEASE
        """How often a lease has to be renewed."""

    async def release_former(self) -> None:
        """Release the leases of this instance's former process."""
        if self._instance is not None:
            count = await self._jobs.release_all_of(self._instance, self._clock())
            if count:
                log.info("pushes of this instance's last life go on", jobs=count)

    async def due_shops(self) -> list[str]:
        """Shops that may have a job to claim now."""
        return await self._jobs.due_shops(self._clock())

    async def claim(self, shop: str) -> Job | None:
        """The shop's longest-due job, or None."""
        owner = str(uuid4()) if self._instance is None else f"{self._instance}/{uuid4()}"
        try:
            return await self._jobs.claim(shop, owner=owner, now=self._clock(), lease=self._lease)
        except BaseException:  # nobody knows whether there is a lease
            await _best_effort(self._jobs.abandon(shop, owner))
            raise

    async def renew(self, job: Job) -> bool:
        """False: another worker has the job now."""
        return await self._jobs.renew(job, self._clock() + self._lease)

    async def release(self, job: Job) -> None:
        """Without an outcome: the job stays due."""
        await _best_effort(self._jobs.release(job))


async def _best_effort(release: Awaitable[None]) -> None:
    """At shutdown and in outages: a lease that cannot be released runs out."""
    with contextlib.suppress(PyMongoError, TimeoutError):
        async with asyncio.timeout(_RELEASE_SECONDS):
            await release
