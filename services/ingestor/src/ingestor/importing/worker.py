"""Carries out queued imports: one per shop at a time across all replicas, shops side by side."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from ingestor.errors import UnknownShop
from ingestor.futureshop.shop_directory import ShopDirectory
from ingestor.importing.importer import Importer
from ingestor.model import ImportRun
from ingestor.store import ImportStore
from shopsync_contracts.times import to_the_millisecond
from shopsync_runtime import Lease, LeaseLost, Leases
from shopsync_runtime.backoff import backoff_delay
from shopsync_runtime.cancelling import stop
from shopsync_runtime.failures import is_retryable
from shopsync_runtime.tracing import continuing
from shopsync_runtime.wording import no_settings

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 3
"""Tries of an import that ends with an error of ours, before it is reported as failed."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """`settings_grace`: how long a command waits for its shop's settings and its entry in the shops file.

    Either may have been made a moment before, and a mounted file comes to one replica later than to another.
    """

    settings_grace: timedelta = timedelta(seconds=10)
    lease: timedelta = timedelta(seconds=30)
    poll: timedelta = timedelta(seconds=1)
    shops_at_once: int = 16


class Worker:
    """Runs the queue. Infrastructure failures put an import back with back-off; it goes on at its page."""

    def __init__(
        self,
        imports: ImportStore,
        leases: Leases,
        importer: Importer,
        shops: ShopDirectory,
        *,
        options: WorkerOptions,
        clock: Callable[[], datetime],
    ) -> None:
        self._imports = imports
        self._leases = leases
        self._importer = importer
        self._shops = shops
        self._options = options
        self._clock = clock
        self._wake = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, int] = {}

    def wake(self) -> None:
        """There is new work; do not wait for the next look."""
        self._wake.set()

    async def run(self) -> None:
        """Indefinitely. Cancelling it stops the imports in flight at their last page."""
        try:
            while True:
                self._wake.clear()
                await self._start_shops()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._options.poll.total_seconds())
        finally:
            await stop(*self._tasks.values())

    async def _start_shops(self) -> None:
        for shop_key in await self._imports.shops_with_work():
            if len(self._tasks) >= self._options.shops_at_once:
                return
            if shop_key not in self._tasks:
                task = asyncio.create_task(self._shop(shop_key), name=f"import-{shop_key}")
                self._tasks[shop_key] = task
                task.add_done_callback(partial(self._done, shop_key))

    def _done(self, shop_key: str, _: asyncio.Task[None]) -> None:
        self._tasks.pop(shop_key, None)

    async def _shop(self, shop_key: str) -> None:
        """Work off the shop's queue while the lease is ours. Never raises but CancelledError."""
        try:
            async with self._leases.hold(f"import/{shop_key}", self._options.lease) as lease:
                if lease is not None:
                    await self._work_off(shop_key, lease)
            self._failures.pop(shop_key, None)
        except LeaseLost as error:
            log.warning("import handed over", shop_key=shop_key, reason=str(error))
        except Exception as error:
            attempt = self._failures[shop_key] = self._failures.get(shop_key, 0) + 1
            delay = backoff_delay(attempt)
            retryable = is_retryable(error)
            log.warning(
                "import interrupted", shop_key=shop_key, again_in_s=round(delay, 2), exc_info=not retryable,
                error=f"{type(error).__name__}: {error}"[:300],
            )  # fmt: skip
            await asyncio.sleep(delay)

    async def _work_off(self, shop_key: str, lease: Lease) -> None:
        while (run := await self._imports.next_for(shop_key)) is not None:
            with continuing(run.traceparent):
                if not await self._import(run, lease):
                    return

    async def _import(self, run: ImportRun, lease: Lease) -> bool:
        """Run one import to its end; False when it has to wait."""
        if run.state == "queued" and (missing := await self._missing(run.shop_key)):
            if to_the_millisecond(self._clock()) < run.requested_at + self._options.settings_grace:
                return False
            await self._importer.fail(run, lease, UnknownShop.code, missing)
        try:
            await self._importer.run(run, lease, self._shops.reader(run.shop_key))
        except Exception as error:
            if is_retryable(error):
                raise
            await self._count_attempt(run, lease, error)
        return True

    async def _missing(self, shop_key: str) -> str:
        """Which of the two a shop needs is not there, and how to mend it; "" when both are."""
        missing = [] if shop_key in self._shops else [self._shops.why_unknown(shop_key)]
        if not await self._imports.has_settings(shop_key):
            missing.append(no_settings(shop_key))
        return ". Also: ".join(missing)

    async def _count_attempt(self, run: ImportRun, lease: Lease, error: Exception) -> None:
        """An error of ours: try again a few times, then report it, or the shop would never import again."""
        fresh = await self._imports.next_for(run.shop_key)
        if fresh is None or fresh.id != run.id:
            raise error
        fresh.attempts += 1
        if fresh.attempts >= MAX_ATTEMPTS and fresh.state != "reporting":
            message = f"{type(error).__name__}: {error}"[:500]
            await self._importer.fail(fresh, lease, "internal_error", message)
        else:
            await self._imports.save(fresh, lease.token)
        raise error
