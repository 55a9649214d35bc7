"""From what went wrong in a push to what becomes of its job."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from publisher.errors import (
    AuthorizationEnded,
    ImageUnusable,
    Passing,
    ProductGone,
    PublisherError,
    QuotaReached,
    RateLimited,
    ShopBlocked,
    WarehouseUnusable,
)
from publisher.machine import DELETED, Fail, Wait
from publisher.metrics import PUSHES, TROUBLES
from publisher.model import Job
from publisher.outbox import Outbox
from publisher.push import Finished, Parked, Push, failure, failure_id
from publisher.settings import PublisherSettings
from publisher.store import Authorizations, CatalogueReader, Jobs
from shopsync_runtime.failures import is_retryable

log = structlog.get_logger(__name__)

_SHORTLY = timedelta(seconds=1)
_FAR = timedelta(days=3650)
"""Parked without an end: a new command or a new authorisation wakes the job."""


class Attempts:
    """Runs a claimed job once and gives it back: done, later, or parked."""

    def __init__(
        self,
        push: Push,
        *,
        jobs: Jobs,
        authorizations: Authorizations,
        catalogue: CatalogueReader,
        outbox: Outbox,
        settings: PublisherSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._push = push
        self._jobs = jobs
        self._authorizations = authorizations
        self._catalogue = catalogue
        self._outbox = outbox
        self._settings = settings
        self._clock = clock

    async def run(self, job: Job) -> None:
        """Try once. TikTok's and the image servers' troubles end here; those of Kafka and MongoDB are raised."""
        try:
            result = await self._push.run(job)
        except PublisherError as error:
            await self._troubled(job, error)
            return
        except Exception as error:
            if is_retryable(error):
                raise
            # A fault of ours in one product must not stop the others.
            log.exception("push failed unexpectedly", shop_key=job.shop_key, product_no=job.product_no)
            await self._again(job, Passing("internal", f"the publisher failed: {type(error).__name__}"))
            return
        match result:
            case Finished():
                await self._jobs.finish(job, self._clock())
            case Wait():
                await self._later(job, result.until or self._clock() + _SHORTLY, attempts=job.attempts)
            case Parked():
                until = result.until or self._clock() + _FAR
                await self._later(job, until, attempts=job.attempts, reported=result.cause)

    async def _troubled(self, job: Job, error: PublisherError) -> None:
        log.info(
            "push did not go through", shop_key=job.shop_key, product_no=job.product_no, error=type(error).__name__,
            code=error.code, reason=error.message, attempt=job.attempts + 1,
        )  # fmt: skip
        TROUBLES.labels(type(error).__name__).inc()
        now = self._clock()
        match error:
            case RateLimited():
                due = now + max(error.retry_after or timedelta(0), self._backoff(job.waits))
                await self._later(job, due, attempts=job.attempts, waits=job.waits + 1)
            case QuotaReached():
                until = now + self._settings.quota_wait
                await self._authorizations.pause_listing(job.shop_key, until)
                await self._later(job, until, attempts=job.attempts)
            case AuthorizationEnded():
                await self._authorizations.end(job.shop_key, await self._version(job), (error.code, error.message))
                await self._later(job, now, attempts=job.attempts)
            case ShopBlocked():
                until = now + self._settings.blocked_wait
                await self._authorizations.block(job.shop_key, (error.code, error.message), until)
                await self._later(job, now, attempts=job.attempts)
            case Passing():
                await self._again(job, error)
            case _:
                await self._report(job, _refusal(error))
                await self._jobs.finish(job, now)
                if isinstance(error, WarehouseUnusable):
                    self._push.shops.forget_warehouse(job.shop_key)

    async def _again(self, job: Job, error: Passing) -> None:
        attempts = job.attempts + 1
        due = self._clock() + max(error.retry_after or timedelta(0), self._backoff(job.attempts))
        if attempts % self._settings.max_attempts == 0:
            due = self._clock() + self._settings.retry_longest
            await self._report(job, Fail("sync_error", error.code, error.message, until=due))
        await self._later(job, due, attempts=attempts)

    async def _report(self, job: Job, step: Fail) -> None:
        product = await self._catalogue.product(job.shop_key, job.product_no)
        version = product.content_version if product is not None else 0
        await self._outbox.tell(failure(job, version, step), failure_id(job, step.code))
        PUSHES.labels("failed").inc()

    async def _later(
        self, job: Job, due_at: datetime, *, attempts: int, waits: int = 0, reported: str | None = None
    ) -> None:
        await self._jobs.reschedule(
            job,
            now=self._clock(),
            due_at=due_at,
            attempts=attempts,
            waits=waits,
            reported=reported or job.reported,
        )

    async def _version(self, job: Job) -> int:
        authorization = await self._authorizations.get(job.shop_key)
        return authorization.version if authorization is not None else 0

    def _backoff(self, failures: int) -> timedelta:
        """Doubling, at most retry_longest, spread over its upper half so that jobs do not come back together."""
        ceiling: timedelta = min(self._settings.retry_longest, self._settings.retry_first * 2 ** min(failures, 20))
        return ceiling / 2 + ceiling / 2 * random.random()  # noqa: S311 - spreads load, guards nothing


def _refusal(error: PublisherError) -> Fail:
    if isinstance(error, ProductGone):
        return DELETED
    if isinstance(error, WarehouseUnusable):
        return Fail("warehouse_missing", error.code, error.message)
    if isinstance(error, ImageUnusable):
        return Fail("incomplete", error.code, error.message, missing=("images",))
    return Fail("sync_error", error.code, error.message)
