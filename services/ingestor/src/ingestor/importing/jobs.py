"""Connects the queue of imports to the runtime's worker."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from ingestor.errors import UnknownShop
from ingestor.futureshop.shop_directory import ShopDirectory
from ingestor.importing.importer import Importer
from ingestor.model import ImportRun
from ingestor.store import ImportStore
from shopsync_contracts.times import to_the_millisecond
from shopsync_runtime import Lease
from shopsync_runtime.failures import is_retryable
from shopsync_runtime.wording import no_settings

MAX_ATTEMPTS = 3
"""Attempts of an import that fails with a bug of ours, before it is reported as failed."""


class ImportJobs:
    """Runs queued imports. After an infrastructure failure an import continues at its page.

    `settings_grace`: how long a command waits for its shop's settings and its entry in the shops file. Either may have
    been added a moment before, and a mounted file reaches replicas at different times.
    """

    def __init__(
        self,
        imports: ImportStore,
        importer: Importer,
        shops: ShopDirectory,
        *,
        settings_grace: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._imports = imports
        self._importer = importer
        self._shops = shops
        self._settings_grace = settings_grace
        self._clock = clock

    async def shops_with_work(self) -> Sequence[str]:
        """Shops with an unfinished import."""
        return await self._imports.shops_with_work()

    async def next_for(self, shop_key: str) -> ImportRun | None:
        """The shop's import to continue with."""
        return await self._imports.next_for(shop_key)

    async def advance(self, run: ImportRun, lease: Lease) -> bool:
        """Run one import to its end. Returns False when it must wait."""
        if run.state == "queued" and (missing := await self._missing(run.shop_key)):
            if to_the_millisecond(self._clock()) < run.requested_at + self._settings_grace:
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
        """What the shop lacks, its settings or its entry in the shops file, and how to add it; "" if nothing."""
        missing = [] if shop_key in self._shops else [self._shops.why_unknown(shop_key)]
        if not await self._imports.has_settings(shop_key):
            missing.append(no_settings(shop_key))
        return ". Also: ".join(missing)

    async def _count_attempt(self, run: ImportRun, lease: Lease, error: Exception) -> None:
        """Count an unexpected error. After a few attempts it is reported, or the shop would never import again."""
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
