"""futureshop APIv2, read-only. There are only the token call and two searches, so nothing can be written (NV-2)."""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx
import stamina
import structlog

from ingestor.errors import Denied, FutureshopError, Passing, UnexpectedReply
from ingestor.futureshop.http import ACCEPTED, exchange_json
from ingestor.futureshop.pace import Pace, Turns
from ingestor.futureshop.shops import ShopAccess
from ingestor.metrics import REQUESTS
from ingestor.records.values import Unreadable, whole
from shopsync_runtime.tracing import span

log = structlog.get_logger(__name__)

PRODUCTS: Final = "/admin-api/v1/products"
INVENTORY: Final = "/admin-api/v1/inventory"
_TOKEN: Final = "/oauth/token"  # noqa: S105 - a path
_RENEW_BEFORE: Final = 60.0
_USUAL_LIFE: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits for calls to a shop's API, in seconds and bytes. `attempts` per request include the first one."""

    requests_per_second: float = 1.0
    attempts: int = 20
    first_wait: float = 1.0
    longest_wait: float = 60.0
    patience: float = 300.0
    timeout: float = 60.0
    max_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Search:
    """One listing: path and filters of its first page. Later pages have a URL of their own."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing. `next_url` is None on the last page."""

    records: list[Mapping[str, Any]]
    next_url: str | None


@dataclass(slots=True)
class _Token:
    value: str
    renew_at: float


class FutureshopClient:
    """Reads one shop. All clients that share `turns` make at most `requests_per_second` calls, including token calls.

    Failures that may pass are retried with growing waits, or after the time that futureshop asks for. Tasks may share a
    client; their calls are queued.
    """

    def __init__(
        self,
        access: ShopAccess,
        http: httpx.AsyncClient,
        policy: Policy,
        *,
        turns: Turns | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access = access
        self._http = http
        self._policy = policy
        self._monotonic = monotonic
        self._pace = Pace(access.shop_key, 1 / policy.requests_per_second, turns)
        self._token: _Token | None = None
        self._token_lock = asyncio.Lock()

    async def page(self, search: Search, url: str | None = None) -> Page:
        """The first page, or the one at `url`. Raises FutureshopError when retries do not help."""
        address = httpx.URL(self._access.base_url + search.path)
        target = address.copy_merge_params(dict(search.params)) if url is None else self._same_place(url, address)
        document = await self._get(target)
        records = document.get("productList")
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise UnexpectedReply(f"GET {search.path}: productList must be a list of objects")
        following = document.get("nextUrl") or None
        if following is None:
            return Page(records, None)
        if not isinstance(following, str):
            raise UnexpectedReply(f"GET {search.path}: nextUrl must be a text")
        return Page(records, str(self._same_place(following, address)))

    def _same_place(self, url: str, address: httpx.URL) -> httpx.URL:
        """The URL if it has the same origin and path. The token must never be sent elsewhere."""
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            raise UnexpectedReply(f"GET {address.path}: nextUrl is no URL") from None
        if _place(target) != _place(address) or target.userinfo:
            raise UnexpectedReply(f"GET {address.path}: nextUrl leads to {target.scheme}://{target.host}{target.path}")
        return target

    async def _get(self, url: httpx.URL) -> Mapping[str, Any]:
        policy = self._policy
        async for attempt in stamina.retry_context(
            on=self._waits(),
            attempts=policy.attempts,
            timeout=policy.patience,
            wait_initial=policy.first_wait,
            wait_max=policy.longest_wait,
            wait_jitter=policy.first_wait / 2,
        ):
            with attempt:
                return await self._get_authorized(url)
        raise AssertionError("stamina ends by returning or raising")  # pragma: no cover

    def _waits(self) -> Callable[[Exception], bool | float]:
        """Back-off hook for one request: whether to retry, or after how many seconds."""
        policy, failures = self._policy, itertools.count()

        def wait_for(error: Exception) -> bool | float:
            if not isinstance(error, Passing):
                return False
            log.warning("futureshop did not answer", shop_key=self._access.shop_key, error=str(error), code=error.code)
            growing = min(policy.first_wait * 2.0 ** next(failures), policy.longest_wait)
            if error.retry_after is None:
                return True
            # A maintenance longer than `patience` is reported at once. A Retry-After in the past, as a static page may
            # have for hours, must not use up all attempts within seconds.
            return max(error.retry_after, growing) if error.retry_after <= policy.patience else False

        return wait_for

    async def _get_authorized(self, url: httpx.URL) -> Mapping[str, Any]:
        token = await self._authorize(None)
        try:
            return await self._send("GET", url, token)
        except Denied as error:
            if error.status != httpx.codes.UNAUTHORIZED:
                raise
        # The token may have been revoked early: try once with a new one, then accept the refusal.
        return await self._send("GET", url, await self._authorize(token))

    async def _send(self, method: str, url: httpx.URL, token: str) -> Mapping[str, Any]:
        headers = {
            "Authorization": f"Bearer {token}",
            "X-SHOP-KEY": self._access.shop_key,
            **ACCEPTED,
        }
        return await self._exchange(self._http.build_request(method, url, headers=headers))

    async def _authorize(self, rejected: str | None) -> str:
        """The present token; a new one if there is none, if it expires soon, or if it was just rejected."""
        async with self._token_lock:
            token = self._token
            if token is None or token.value == rejected or self._monotonic() >= token.renew_at:
                self._token = None
                token = self._token = await self._ask_for_token()
            return token.value

    async def _ask_for_token(self) -> _Token:
        request = self._http.build_request(
            "POST",
            self._access.base_url + _TOKEN,
            data={"grant_type": "client_credentials"},
            headers={"X-SHOP-KEY": self._access.shop_key, **ACCEPTED},
        )
        basic = httpx.BasicAuth(self._access.client_id, self._access.client_secret.get_secret_value())
        request = next(basic.auth_flow(request))
        asked_at = self._monotonic()
        document = await self._exchange(request)
        value, life = document.get("access_token"), document.get("expires_in")
        if not isinstance(value, str) or not value:
            raise UnexpectedReply(f"POST {_TOKEN}: the reply has no access_token")
        seconds = _seconds(life)
        # Early enough that it does not expire during a request, but at most a tenth of its lifetime.
        return _Token(value, asked_at + seconds - min(_RENEW_BEFORE, seconds / 10))

    async def _exchange(self, request: httpx.Request) -> Mapping[str, Any]:
        await self._pace.turn()
        outcome = "ok"
        try:
            within = timedelta(seconds=self._policy.timeout)
            about = {"http.request.method": request.method, "shopsync.shop_key": self._access.shop_key}
            with span(f"futureshop {_call(request)}", kind="client", attributes=about):
                return await exchange_json(self._http, request, max_bytes=self._policy.max_bytes, within=within)
        except FutureshopError as error:
            outcome = error.code
            raise
        finally:
            REQUESTS.labels(self._access.shop_key, _call(request), outcome).inc()


def _seconds(life: object) -> float:
    """`expires_in`, or the usual lifetime if it is missing or invalid. If that is too long, a 401 follows."""
    try:
        seconds = whole(life, "expires_in")
    except Unreadable:
        seconds = None
    return float(seconds) if seconds else _USUAL_LIFE


def _call(request: httpx.Request) -> str:
    """token, products or inventory."""
    return request.url.path.rpartition("/")[2]


def _place(url: httpx.URL) -> tuple[str, str, int | None, str]:
    default = {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, url.port or default, url.path
