"""What becomes of a job after its push: done, due later, or parked. Decided from what went wrong."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import structlog

from publisher.errors import (
    AppMisconfigured,
    AuthorizationEnded,
    HourSpent,
    KeyMissing,
    Passing,
    PublisherError,
    QuotaReached,
    RateLimited,
    Refused,
    ShopBlocked,
    ShopResting,
    Unclear,
    WarehouseUnusable,
)
from publisher.metrics import TROUBLES
from publisher.model import Job, Later
from publisher.pushing.machine import Wait
from publisher.pushing.paused_shops import PausedShops
from publisher.pushing.push import Finished, Parked, Push, ShopPaused
from publisher.pushing.recording import Recorder
from publisher.pushing.refusals import IMAGE_FORGOTTEN
from publisher.settings import PublisherSettings
from publisher.store import Stores
from shopsync_runtime.backoff import backoff_delay
from shopsync_runtime.failures import is_retryable
from shopsync_runtime.tracing import Attributes, Span, continuing, span

log = structlog.get_logger(__name__)

_OUTCOME = "shopsync.outcome"
_SHORTLY = timedelta(seconds=1)
_FAR = timedelta(days=3650)
"""Parked with no end of its own: a new command or a new authorisation makes the job due."""


class JobRunner:
    """Runs a claimed job once, then finishes, reschedules or parks it."""

    def __init__(
        self,
        push: Push,
        recorder: Recorder,
        stores: Stores,
        paused_shops: PausedShops,
        *,
        settings: PublisherSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._push = push
        self._recorder = recorder
        self._jobs = stores.jobs
        self._authorizations = stores.authorizations
        self._paused_shops = paused_shops
        self._settings = settings
        self._clock = clock

    async def run(self, job: Job) -> None:
        """Try once. Errors of TikTok and of image servers are handled here; those of Kafka and MongoDB are raised."""
        # Also without spans: what is published of a push belongs to the trace of its command.
        with continuing(job.traceparent), span("push", attributes=_attributes(job)) as push:
            await self._run(job, push)

    async def _run(self, job: Job, push: Span) -> None:
        try:
            result = await self._push.run(job)
        except ShopPaused:
            push.note(_OUTCOME, "paused")
            self._paused_shops.add(job.shop_key)
            await self._jobs.release(job)
            return
        except ShopResting as resting:
            push.note(_OUTCOME, "shop rests")
            await self._rested(job, resting)
            return
        except PublisherError as error:
            push.fail(type(error).__name__, error.message)
            await self._troubled(job, error)
            return
        except Exception as error:
            if is_retryable(error):
                raise
            push.fail(type(error).__name__)
            # A bug that one product triggers must not stop the others.
            log.exception("push failed unexpectedly", shop_key=job.shop_key, product_no=job.product_no)
            await self._again(job, Passing("internal", f"the publisher failed: {type(error).__name__}"))
            return
        push.note(_OUTCOME, type(result).__name__.lower())
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
            "push did not go through",
            shop_key=job.shop_key,
            product_no=job.product_no,
            error=type(error).__name__,
            code=error.code,
            reason=error.message,
            attempt=job.attempts + 1,
        )
        TROUBLES.labels(type(error).__name__).inc()
        now = self._clock()
        match error:
            case RateLimited() | HourSpent():
                # The rate limiter decides how long: it sends nothing before.
                due = now + (error.retry_after or _SHORTLY)
                await self._later(job, due, attempts=job.attempts, waits=job.waits + 1)
            case QuotaReached():
                until = quota_until(now, self._settings.quota_wait)
                await self._authorizations.pause_listing(job.shop_key, until)
                await self._later(job, until, attempts=job.attempts)
            case AuthorizationEnded() | KeyMissing():
                # The end of an authorisation was recorded with its token pair where it was met. A shop whose key is
                # missing is set aside: none of its jobs is claimed here until the keyring has decided.
                await self._later(job, now, attempts=job.attempts)
            case AppMisconfigured(until=datetime() as until):
                # Not about this product: operators see it once, as the app's trouble.
                await self._later(job, until, attempts=job.attempts)
            case AppMisconfigured():
                # Other calls still work, so in the end this one is reported.
                await self._again(job, Passing(error.code, error.message))
            case ShopBlocked():
                until = now + self._settings.blocked_wait
                await self._authorizations.block(job.shop_key, (error.code, error.message), until)
                await self._later(job, now, attempts=job.attempts)
            case Passing():
                await self._again(job, error)
            case _:
                await self._not_taken(job, error)

    async def _not_taken(self, job: Job, error: PublisherError) -> None:
        """TikTok or an image server refused this product."""
        match error:
            case Unclear(outcome_unknown=True):
                await self._find_out(job, error)
            case Refused() if error.code in IMAGE_FORGOTTEN:
                await self._push.forget(job, error)
                await self._again(job, Passing(error.code, error.message))
            case _:
                await self._recorder.refused(job, error)
                await self._jobs.finish(job, self._clock())
                if isinstance(error, WarehouseUnusable):
                    await self._push.forget(job, error)

    async def _rested(self, job: Job, resting: ShopResting) -> None:
        """No call was made, so no attempt is used up. The job is due when the shop may be called again."""
        log.debug(
            "push waits for its shop",
            shop_key=job.shop_key,
            product_no=job.product_no,
            reason=resting.message,
            wait_seconds=resting.wait.total_seconds(),
        )
        await self._later(job, self._clock() + resting.wait, attempts=job.attempts, waits=job.waits + 1)

    async def _again(self, job: Job, error: Passing) -> None:
        attempts = job.attempts + 1
        due = self._clock() + max(error.retry_after or timedelta(0), self._backoff(job.attempts))
        if attempts % self._settings.max_attempts == 0:
            due = self._clock() + self._settings.retry_longest
            await self._recorder.refused(job, error, until=due)
        trouble = (error.code, error.message)
        later = Later(due, attempts, reported=job.reported, trouble=trouble)
        await self._jobs.reschedule(job, later, self._clock())

    async def _find_out(self, job: Job, error: Unclear) -> None:
        """The answer to a write was unclear: report it at once, then look up what became of the write."""
        due = self._clock() + self._backoff(0)
        await self._recorder.refused(job, error, until=due)
        await self._later(job, due, attempts=job.attempts, reported=error.code)

    async def _later(
        self, job: Job, due_at: datetime, *, attempts: int, waits: int = 0, reported: str | None = None
    ) -> None:
        later = Later(due_at, attempts, waits, reported or job.reported)
        await self._jobs.reschedule(job, later, self._clock())

    def _backoff(self, failures: int) -> timedelta:
        """Doubles up to `retry_longest`. The upper half is random, so that jobs do not become due together."""
        first, longest = self._settings.retry_first, self._settings.retry_longest
        delay = backoff_delay(failures + 1, first=first.total_seconds(), longest=longest.total_seconds())
        return timedelta(seconds=delay)


def _attributes(job: Job) -> Attributes:
    return {
        "shopsync.shop_key": job.shop_key,
        "shopsync.product_no": job.product_no,
        "shopsync.command_id": job.command_id,
        "shopsync.attempts": job.attempts,
        "shopsync.waits": job.waits,
    }


def quota_until(now: datetime, wait: timedelta) -> datetime:
    """When to try new listings again: after `wait`, and at the latest when the day ends in UTC (RB-11).

    The time zone of TikTok's quota day is not documented.
    """
    midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time.min, UTC)
    return min(now + wait, midnight)
