"""What the runtime's worker does with queued imports."""

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
"""Tries of an import that ends with an error of ours, before it is reported as failed."""


class ImportJobs:
    """Infrastructure failures leave an import where it is; it goes on at its page.

    `settings_grace`: how long a command waits for its shop's settings and its entry in the shops file. Either may have
    been made a moment before, and a mounted file comes to one replica later than to another.
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
        """The shop's import to go on with."""
        return await self._imports.next_for(shop_key)

    async def advance(self, run: ImportRun, lease: Lease) -> bool:
        """Run one import to its end; False when it has to wait."""
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
