"""The shops of this replica: a rate limiter for each, and its warehouse."""

import asyncio
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from uuid import uuid4
from weakref import WeakValueDictionary

from publisher.errors import WarehouseUnusable
from publisher.pace.call_queue import Rank
from publisher.pace.rate_limiter import RateLimiter
from publisher.pace.slots import ServerClock
from publisher.pace.state import PaceStore, RateLimiterSettings
from publisher.tiktok.client import TikTokClient
from publisher.tiktok.shop_api import ShopApi, default_warehouse
from publisher.tiktok.tokens import Tokens

_WAREHOUSE_LIFE = timedelta(minutes=10)
"""Chosen: a merchant who changes the default warehouse sees it used soon."""


class Shops:
    """All shops of this replica. `on_capacity` is called when a shop may take another job."""

    def __init__(
        self,
        client: TikTokClient,
        tokens: Tokens,
        paces: PaceStore,
        rules: RateLimiterSettings,
        *,
        on_capacity: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._on_capacity = on_capacity
        self._client = client
        self._tokens = tokens
        self._store = paces
        self._rules = rules
        self._clock = clock
        self._me = uuid4().hex
        self._server_clock = ServerClock()
        self._limiters: dict[str, RateLimiter] = {}
        self._warehouses: dict[str, tuple[str, datetime]] = {}
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def api(self, shop_key: str, *, urgent: bool = True, rank: Rank = ()) -> ShopApi:
        """The shop's calls. The lowest `rank` goes first; calls without one serve several pushes and go before all.

        Calls that are not `urgent` let others go first. While two of them wait the next raises ShopResting.
        """
        return ShopApi(shop_key, self._client, self._tokens, self._limiter(shop_key), urgent=urgent, rank=rank)

    def has_capacity(self, shop_key: str, jobs: int) -> bool:
        """Whether another job of the shop, beside `jobs` that run, could make its calls soon."""
        limiter = self._limiters.get(shop_key)
        return shop_key not in self._tokens.set_aside and (limiter is None or limiter.has_capacity(jobs))

    @property
    def set_aside(self) -> AbstractSet[str]:
        """Shops that are left to other replicas, see Tokens."""
        return self._tokens.set_aside

    async def warehouse(self, shop_key: str) -> str:
        """The id of the warehouse for new stock. Raises WarehouseUnusable when no sales warehouse is enabled."""
        # One call, however many pushes begin at the same time.
        async with self._asking.setdefault(shop_key, asyncio.Lock()):
            known = self._warehouses.get(shop_key)
            if known is not None and known[1] > self._clock():
                return known[0]
            found = default_warehouse(await self.api(shop_key).warehouses())
            if found is None:
                raise WarehouseUnusable("warehouse_missing", "the shop has no enabled sales warehouse in Seller Center")
            self._warehouses[shop_key] = (found, self._clock() + _WAREHOUSE_LIFE)
            return found

    def forget_warehouse(self, shop_key: str) -> None:
        """TikTok refused the warehouse: ask for it again next time."""
        self._warehouses.pop(shop_key, None)

    def _limiter(self, shop_key: str) -> RateLimiter:
        limiter = self._limiters.get(shop_key)
        if limiter is None:
            limiter = RateLimiter(
                shop_key,
                self._store,
                self._rules,
                me=self._me,
                clock=self._server_clock,
                on_capacity=self._on_capacity,
            )
            self._limiters[shop_key] = limiter
        return limiter
