"""One ShopApi per shop, each with its own pace and a short memory of its warehouse."""

from collections.abc import Callable
from datetime import datetime, timedelta

from aiolimiter import AsyncLimiter

from publisher.client import TikTokClient
from publisher.errors import WarehouseUnusable
from publisher.shop_api import ShopApi, default_warehouse
from publisher.tokens import Tokens

_WAREHOUSE_LIFE = timedelta(minutes=10)


class Shops:
    """All shops of this replica."""

    def __init__(
        self, client: TikTokClient, tokens: Tokens, *, requests_per_second: float, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._rate = requests_per_second
        self._clock = clock
        self._apis: dict[str, ShopApi] = {}
        self._warehouses: dict[str, tuple[str, datetime]] = {}

    def api(self, shop_key: str) -> ShopApi:
        """The shop's calls. One at a time per 1/rate seconds: evenly spaced, so no second sees more than the rate."""
        api = self._apis.get(shop_key)
        if api is None:
            api = ShopApi(shop_key, self._client, self._tokens, AsyncLimiter(1, 1 / self._rate))
            self._apis[shop_key] = api
        return api

    async def warehouse(self, shop_key: str) -> str:
        """Where new stock goes. Raises WarehouseUnusable when the seller has no enabled sales warehouse."""
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
