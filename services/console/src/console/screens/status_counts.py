"""How many products a shop has in which 状態: counted now and then, not with every page."""

import asyncio
from dataclasses import dataclass
from typing import Final

from shopsync_readmodel.products.counts import count_statuses
from shopsync_readmodel.statuses import StatusName
from shopsync_runtime.mongo import Database

KEPT_FOR_SECONDS: Final = 5.0
"""At most. The page asks again later than that: what happened before it was opened is told to nobody."""
SHOWN_FOR_SECONDS: Final = 60.0
"""A page is shown at once with counts that are no older, and gets newer ones by that question."""
_TIMES_AS_LONG: Final = 50
"""A count is kept for so many times as long as it took: a fiftieth of the time goes into a shop's counts at most."""
_QUICK_SECONDS: Final = 0.03
"""Where the last count took no longer, a page waits so long for the next one."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """By wire name. `began` by the event loop's clock, `took` in seconds."""

    statuses: dict[str, int]
    began: float
    took: float


@dataclass(slots=True)
class _Kept:
    """A count since its beginning, and the one before it."""

    began: float
    count: asyncio.Task[_Counted]
    before: _Counted | None = None

    @property
    def has_failed(self) -> bool:
        """Whether there will be none."""
        return self.count.done() and (self.count.cancelled() or self.count.exception() is not None)

    @property
    def last(self) -> _Counted | None:
        """The newest one that is there."""
        return self.count.result() if self.count.done() and not self.has_failed else self.before

    def is_younger_than(self, seconds: float, now: float) -> bool:
        """While it is counted it is as young as its beginning."""
        took = self.count.result().took if self.count.done() else seconds
        return now - self.began <= min(seconds, took * _TIMES_AS_LONG)


class StatusCounts:
    """Kept per shop. Who asks while a count is under way waits for that one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[str, _Kept] = {}

    async def of(self, shop_key: str, at_most: float) -> dict[str, int]:
        """By wire name, `at_most` so many seconds old."""
        return (await asyncio.shield(self._newest(shop_key, at_most).count)).statuses

    async def at_once(self, shop_key: str) -> dict[str, int]:
        """Those of the last minute where counting takes a while; newer ones are there for the page's next question."""
        kept = self._newest(shop_key, KEPT_FOR_SECONDS)
        last = kept.last
        if last is None:
            return (await asyncio.shield(kept.count)).statuses
        if last.took <= _QUICK_SECONDS:
            await asyncio.wait({kept.count}, timeout=_QUICK_SECONDS)
        return (kept.last or last).statuses

    def _newest(self, shop_key: str, at_most: float) -> _Kept:
        now = asyncio.get_running_loop().time()
        self._kept = {shop: one for shop, one in self._kept.items() if now - one.began <= SHOWN_FOR_SECONDS}
        kept = self._kept.get(shop_key)
        if kept is None or kept.has_failed or not kept.is_younger_than(at_most, now):
            before = None if kept is None else kept.last
            if before is not None and now - before.began > SHOWN_FOR_SECONDS:
                before = None
            count = asyncio.create_task(self._count(shop_key, now))
            # Maybe nobody waits for it: a failure is found when the next one asks.
            count.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            kept = self._kept[shop_key] = _Kept(now, count, before)
        return kept

    async def _count(self, shop_key: str, began: float) -> _Counted:
        found = (await count_statuses(self._database, shop_key)).get(shop_key, {})
        statuses = {name.value: found.get(name.value, 0) for name in StatusName}
        return _Counted(statuses, began, asyncio.get_running_loop().time() - began)
