"""Reports nights without a successful sweep: they were refused, or no process was running."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from janitor import metrics
from janitor.catalog_view import CatalogView
from janitor.clock import Schedule
from janitor.store import SweepStore
from shopsync_runtime import Leases

log = structlog.get_logger(__name__)

_CHECK_SECONDS = 300.0


def overdue(
    schedule: Schedule, now: datetime, nights: int, last: dict[str, datetime], first: dict[str, datetime]
) -> list[str]:
    """Shops without a success in the last `nights` nights that are over.

    `last`: the last success of each shop; `first`: the first request of shops without one, whose first night counts.
    """
    since = {shop: at - schedule.catch_up for shop, at in first.items()} | last
    limit = schedule.ended(now, nights)
    return sorted(shop for shop, at in since.items() if at < limit)


class Nights:
    """Sets the gauges, and logs an error per night and overdue shop, once across replicas."""

    def __init__(
        self,
        schedule: Schedule,
        sweeps: SweepStore,
        catalog: CatalogView,
        leases: Leases,
        *,
        nights: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._schedule = schedule
        self._sweeps = sweeps
        self._catalog = catalog
        self._leases = leases
        self._nights = nights
        self._clock = clock

    async def run(self) -> None:
        """Check indefinitely."""
        while True:
            await self.look()
            await asyncio.sleep(_CHECK_SECONDS)

    async def look(self) -> list[str]:
        """The overdue shops among those that have settings."""
        now = self._clock()
        shops = await self._catalog.shop_keys()
        successes = await self._sweeps.last_successes()
        last = {shop: successes[shop] for shop in shops if shop in successes}
        first = await self._sweeps.first_requests([shop for shop in shops if shop not in last])
        for shop, at in last.items():
            metrics.LAST_SUCCESS.labels(shop).set(at.timestamp())
        found = overdue(self._schedule, now, self._nights, last, first)
        metrics.OVERDUE.set(len(found))
        night = self._schedule.ended(now, 1).isoformat()
        for shop in found:
            if await self._leases.claim_slot(f"overdue/{shop}", night):
                log.error(
                    "no sweep has succeeded for nights",
                    shop_key=shop,
                    nights=self._nights,
                    last_success=last[shop].isoformat() if shop in last else None,
                )
        return found
