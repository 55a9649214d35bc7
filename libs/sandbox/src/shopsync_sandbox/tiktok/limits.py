"""Rate limits per app, shop and endpoint, and the daily listing quota."""

import math
from dataclasses import dataclass

from shopsync_sandbox.tiktok.codes import ApiError, Code
from shopsync_sandbox.tiktok.model import Shop
from shopsync_sandbox.tiktok.world import World


@dataclass(slots=True)
class Bucket:
    """A token bucket: `level` requests may go at once, refilled at the rate."""

    level: float
    at: float


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` None = unlimited. `burst` None = as many as one second brings, at least one."""

    per_second: float | None
    burst: int | None = None

    @property
    def size(self) -> float:
        return float(self.burst) if self.burst is not None else max(1.0, self.per_second or 1.0)


class Limits:
    """Buckets per shop and endpoint; the app is one, so it is not part of the key."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._hours: dict[tuple[str, int], int] = {}
        #: one shop slower or faster than the rest
        self.per_shop: dict[str, Rate] = {}

    def rate_for(self, shop_key: str) -> Rate:
        settings = self._world.settings
        return self.per_shop.get(shop_key, Rate(settings.requests_per_second, settings.burst))

    def take(self, shop_key: str, endpoint: str) -> None:
        """Count one request. Raises ApiError 36009002 (HTTP 429), with Retry-After when the setting says so."""
        self._take_hourly(shop_key)
        rate, now = self.rate_for(shop_key), self._world.real_time()
        if rate.per_second is None:
            return
        bucket = self._buckets.setdefault((shop_key, endpoint), Bucket(rate.size, now))
        bucket.level = min(rate.size, bucket.level + max(0.0, now - bucket.at) * rate.per_second)
        bucket.at = now
        if bucket.level < 1.0:
            raise self.refusal((1.0 - bucket.level) / rate.per_second if rate.per_second else 3600.0)
        bucket.level -= 1.0

    def refusal(self, wait: float, *, retry_after: bool | None = None) -> ApiError:
        """The 429 answer; `wait` seconds are rounded up to whole ones for the header."""
        tell = self._world.settings.retry_after if retry_after is None else retry_after
        headers = {"retry-after": str(math.ceil(wait))} if tell else {}
        return ApiError(Code.RATE_LIMITED, "too many requests, please slow down", headers=headers)

    def forget(self) -> None:
        """Full buckets again, after a change of rates."""
        self._buckets.clear()

    def count_listing(self, shop: Shop) -> None:
        """A product goes to listing. Raises ApiError 12052093 when the shop's quota of the UTC day is used up."""
        today, quota = self._world.today(), self._world.settings.daily_listing_quota
        used = shop.listed.get(today, 0)
        if quota is not None and used >= quota:
            raise ApiError(Code.LISTING_QUOTA, f"the shop has reached its limit of {quota} listings a day")
        shop.listed[today] = used + 1

    def _take_hourly(self, shop_key: str) -> None:
        limit, now = self._world.settings.requests_per_hour, self._world.real_time()
        if limit is None:
            return
        hour = int(now // 3600)
        used = self._hours.get((shop_key, hour), 0)
        if used >= limit:
            raise self.refusal((hour + 1) * 3600 - now)
        self._hours[shop_key, hour] = used + 1
