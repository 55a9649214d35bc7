"""One look at an installation: lag, rates, products per 状態, pushes, last runs. Each side may be away."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from shopsync_cli.bounded import bounded
from shopsync_cli.errors import CommandFailed
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.lag import GroupLag, read_lag
from shopsync_cli.moments import now
from shopsync_cli.mongo.database import connected
from shopsync_cli.settings import MongoSettings
from shopsync_cli.watching.rates import Offsets, Rates, offsets_of, rates_between
from shopsync_readmodel.products.counts import count_statuses
from shopsync_readmodel.runs.collections import LastRun, newest_by_shop
from shopsync_readmodel.shops.pushes import ShopPushes, read_shop_pushes

T = TypeVar("T")
_LONGEST_SECONDS = 15.0
_SHARE = 20
"""Reading the shops takes at most a twentieth of MongoDB's time: what took a second is read again after twenty."""


@dataclass(frozen=True, slots=True)
class ShopGlance:
    """One shop. `products`: by 状態; `pushes` None: nothing to be done, and never called."""

    shop_key: str
    products: Mapping[str, int]
    pushes: ShopPushes | None
    last_import: LastRun | None
    last_sweep: LastRun | None


@dataclass(frozen=True, slots=True)
class Side:
    """Whether Kafka or MongoDB answered. `seen_at`: when what is shown of it was read; `trouble`: why not now."""

    seen_at: datetime | None = None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """What was seen last of each side."""

    at: datetime
    kafka: Side = Side()
    mongo: Side = Side()
    groups: tuple[GroupLag, ...] = ()
    rates: Rates | None = None
    shops: tuple[ShopGlance, ...] = ()

    def document(self) -> dict[str, Any]:
        """For JSON."""
        groups = [
            {"group": one.group, "state": one.state, "members": one.members, "lag": one.lag} for one in self.groups
        ]
        return {
            "at": self.at,
            "kafka": asdict(self.kafka),
            "mongo": asdict(self.mongo),
            "rates": None if self.rates is None else asdict(self.rates),
            "groups": groups,
            "shops": [asdict(one) for one in self.shops],
        }


class Watcher:
    """Looks again and again. What does not answer is told, and what was seen of it last stays."""

    def __init__(
        self,
        cluster: Cluster | None,
        mongo: MongoSettings | None,
        shop: str | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster = cluster
        self._mongo = mongo
        self._shop = shop
        self._monotonic = monotonic
        self._offsets: Offsets | None = None
        self._shops_due = 0.0
        self._last = Glance(now())

    async def look(self) -> Glance:
        """One look at both sides, at the same time."""
        await asyncio.gather(self._look_at_kafka(), self._look_at_mongo())
        self._last = replace(self._last, at=now())
        return self._last

    async def _look_at_kafka(self) -> None:
        if self._cluster is None:
            return
        groups, trouble = await _attempted(read_lag(self._cluster, count_up_to=0))
        if groups is None:
            self._last = replace(self._last, rates=None, kafka=replace(self._last.kafka, trouble=trouble))
            self._offsets = None
            return
        at = now()
        before, self._offsets = self._offsets, offsets_of(groups, self._cluster.prefix, at)
        rates = None if before is None else rates_between(before, self._offsets)
        self._last = replace(self._last, groups=tuple(groups), rates=rates, kafka=Side(at))

    async def _look_at_mongo(self) -> None:
        began = self._monotonic()
        if self._mongo is None or began < self._shops_due:
            return
        shops, trouble = await _attempted(_shops(self._mongo, self._shop))
        if shops is None:
            self._last = replace(self._last, mongo=replace(self._last.mongo, trouble=trouble))
            return
        ended = self._monotonic()
        self._shops_due = ended + _SHARE * (ended - began) if ended - began > 1 / _SHARE else 0.0
        self._last = replace(self._last, shops=tuple(shops), mongo=Side(now()))


async def _attempted(reading: Awaitable[T]) -> tuple[T | None, str | None]:
    """What was read, or why it was not."""
    try:
        return await bounded(reading, _LONGEST_SECONDS), None
    except CommandFailed as error:
        return None, str(error)


async def _shops(settings: MongoSettings, shop_key: str | None) -> Sequence[ShopGlance]:
    async with connected(settings, may_be_empty=True) as database:
        counts, pushes, imports, sweeps = await asyncio.gather(
            count_statuses(database, shop_key),
            read_shop_pushes(database, shop_key, now()),
            newest_by_shop(database, "imports", "ended_at", shop_key),
            newest_by_shop(database, "sweeps", "completed_at", shop_key),
        )
    pushing = {one.shop_key: one for one in pushes}
    known = sorted({*counts, *pushing, *imports, *sweeps})
    return [ShopGlance(one, counts.get(one, {}), pushing.get(one), imports.get(one), sweeps.get(one)) for one in known]
