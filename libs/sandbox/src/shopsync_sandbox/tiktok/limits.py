"""Rate limits per app and shop, over all endpoints and per endpoint, and the daily listing quota."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal

from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code, live_error
from shopsync_sandbox.tiktok.state.model import Shop
from shopsync_sandbox.tiktok.state.world import World

RetryAfterForm = Literal["seconds", "date"]


@dataclass(slots=True)
class Bucket:
    """A token bucket: `level` requests are allowed at once; it is refilled at the rate."""

    level: float
    at: float

    def refill(self, rate: "Rate", now: float) -> float:
        """Refill up to now. Returns the seconds until a request is allowed, 0 for now."""
        self.level = min(rate.size, self.level + max(0.0, now - self.at) * (rate.per_second or 0.0))
        self.at = now
        if self.level >= 1.0:
            return 0.0
        return (1.0 - self.level) / rate.per_second if rate.per_second else 3600.0


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` None: unlimited. `burst` None: as many as in one second, at least one."""

    per_second: float | None
    burst: int | None = None

    @property
    def size(self) -> float:
        return float(self.burst) if self.burst is not None else max(1.0, self.per_second or 1.0)


class Limits:
    """Buckets per shop, and per shop and endpoint. There is only one app, so it is not part of the key."""

    def __init__(self, world: World) -> None:
        self._world = world
        #: endpoint None: the bucket over all endpoints
        self._buckets: dict[tuple[str, str | None], Bucket] = {}
        self._hours: dict[tuple[str, int], int] = {}
        #: shops with their own rate, per endpoint and over all endpoints
        self.endpoint_rates: dict[str, Rate] = {}
        self.shop_rates: dict[str, Rate] = {}

    def take(self, shop_key: str, endpoint: str) -> None:
        """Count one request. Raises ApiError 36009002, or 36009037 when the hourly limit is reached.

        Both have HTTP 429, and Retry-After if the setting says so. A refused request is not counted, so a client that
        waits for Retry-After is let through.
        """
        settings, now = self._world.settings, self._world.real_time()
        over_all = self.shop_rates.get(shop_key) or Rate(settings.shop_requests_per_second, settings.shop_burst)
        of_endpoint = self.endpoint_rates.get(shop_key) or Rate(settings.requests_per_second, settings.burst)
        spent, wait, met = self._hourly_wait(shop_key, now), 0.0, []
        for key, rate in (((shop_key, None), over_all), ((shop_key, endpoint), of_endpoint)):
            if rate.per_second is None:
                continue
            bucket = self._buckets.get(key)
            if bucket is None:
                bucket = self._buckets[key] = Bucket(rate.size, now)
            wait = max(wait, bucket.refill(rate, now))
            met.append(bucket)
        if wait > 0.0:
            raise self.refusal(wait)
        if spent > 0.0:
            raise live_error(Code.HOUR_SPENT, headers=self._retry_after(spent))
        for bucket in met:
            bucket.level -= 1.0
        if settings.requests_per_hour is not None:
            hour = (shop_key, int(now // 3600))
            self._hours[hour] = self._hours.get(hour, 0) + 1

    def refusal(self, wait: float, *, retry_after: bool | None = None, form: RetryAfterForm | None = None) -> ApiError:
        """The rate-limit answer. `wait` is rounded up to whole seconds for the header."""
        return live_error(Code.RATE_LIMITED, headers=self._retry_after(wait, given=retry_after, form=form))

    def _retry_after(
        self, wait: float, *, given: bool | None = None, form: RetryAfterForm | None = None
    ) -> dict[str, str]:
        settings = self._world.settings
        if not (settings.retry_after if given is None else given):
            return {}
        if (form or settings.retry_after_form) == "seconds":
            return {"retry-after": str(math.ceil(wait))}
        at = datetime.fromtimestamp(math.ceil(self._world.now() + wait), UTC)
        return {"retry-after": format_datetime(at, usegmt=True)}

    def forget(self, shop_key: str | None = None) -> None:
        """Fill the buckets of one shop, or of all, after a change of rates."""
        self._buckets = {key: b for key, b in self._buckets.items() if shop_key not in {None, key[0]}}

    def count_listing(self, shop: Shop) -> None:
        """Count a new listing. Raises ApiError 12052093 when the shop's quota for the UTC day is reached."""
        today, quota = self._world.today(), self._world.settings.daily_listing_quota
        used = shop.listed.get(today, 0)
        if quota is not None and used >= quota:
            raise ApiError(Code.LISTING_QUOTA, f"the shop has reached its limit of {quota} listings a day")
        shop.listed[today] = used + 1

    def _hourly_wait(self, shop_key: str, now: float) -> float:
        limit, hour = self._world.settings.requests_per_hour, int(now // 3600)
        if limit is None or self._hours.get((shop_key, hour), 0) < limit:
            return 0.0
        return (hour + 1) * 3600 - now
