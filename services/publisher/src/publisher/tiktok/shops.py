"""One ShopApi per shop, each with its own pace and a short memory of its warehouse."""

import asyncio
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from uuid import uuid4
from weakref import WeakValueDictionary

from publisher.errors import WarehouseUnusable
from publisher.pace.call_queue import Rank
from publisher.pace.rate_limiter import PaceStore, RateLimiter, RateLimiterSettings
from publisher.pace.slots import ServerClock
from publisher.tiktok.client import TikTokClient
from publisher.tiktok.shop_api import ShopApi, default_warehouse
from publisher.tiktok.tokens import Tokens

_WAREHOUSE_LIFE = timedelta(minutes=10)


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
        """The shop's calls. The lowest `rank` goes first; without one a call serves many and goes before all.

        Those that are not urgent let others go first, and do not line up behind each other: they raise ShopResting.
        """
        return ShopApi(shop_key, self._client, self._tokens, self._limiter(shop_key), urgent=urgent, rank=rank)

    def has_capacity(self, shop_key: str, jobs: int) -> bool:
        """Whether another job of the shop, beside so many, would soon have its turn to call."""
        limiter = self._limiters.get(shop_key)
        return shop_key not in self._tokens.set_aside and (limiter is None or limiter.has_capacity(jobs))

    @property
    def set_aside(self) -> AbstractSet[str]:
        """Shops that are left to other replicas."""
        return self._tokens.set_aside

    async def warehouse(self, shop_key: str) -> str:
        """Where new stock goes. Raises WarehouseUnusable when the seller has no enabled sales warehouse."""
        # One call however many pushes begin together.
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
        """TikTok refused it: ask again next time."""
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
