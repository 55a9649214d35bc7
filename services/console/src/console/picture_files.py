"""Fetches merchants' product images for the pages: bounded in size and time, public addresses only."""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin
from weakref import WeakValueDictionary

import httpx
import structlog

from shopsync_runtime.errors import RuntimeFailure
from shopsync_runtime.http_client import exchange
from shopsync_runtime.http_connections import Connections
from shopsync_runtime.http_proxy import NO_PROXY, ProxyRules
from shopsync_runtime.public_addresses import NameUnknown, Resolve, ResolvedNetwork

log = structlog.get_logger(__name__)

_MAX_BYTES = 5 * 1024 * 1024
_WITHIN = timedelta(seconds=10)
_REDIRECTS = 3
_MOVED = frozenset({301, 302, 303, 307, 308})
_AT_ONCE = 20
"""Files at a time. Chosen: with the largest size they take 100 MB."""
_OF_A_SHOP = 6
"""Of these for one shop, as many as a browser asks for at once: a slow server holds up its own shop alone."""
_KINDS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A file that is an image by its own first bytes, whatever its server calls it."""

    content: bytes
    media_type: str


class PictureFiles:
    """One for the process. Nothing of a merchant's or visitor's goes with a request: no cookie, no referer."""

    def __init__(
        self,
        resolve: Resolve,
        *,
        ssl_context: ssl.SSLContext | None = None,
        proxies: ProxyRules = NO_PROXY,
        max_bytes: int = _MAX_BYTES,
        within: timedelta = _WITHIN,
    ) -> None:
        self._resolve = resolve
        self._proxies = proxies
        self._http = Connections(ssl_context=ssl_context, network=ResolvedNetwork(resolve), proxies=proxies)
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._of_shops: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._max_bytes = max_bytes
        self._within = within

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def fetch(self, shop_key: str, address: str) -> PictureFile | None:
        """The image at the address, of a product of this shop; None when there is none that may be shown."""
        of_shop = self._of_shops.setdefault(shop_key, asyncio.Semaphore(_OF_A_SHOP))
        try:
            async with asyncio.timeout(self._within.total_seconds()), of_shop, self._places:
                content = await self._follow(address)
        except (RuntimeFailure, httpx.InvalidURL, TimeoutError, OSError, ValueError) as error:
            log.info("a picture is not shown", address=address[:300], error=f"{type(error).__name__}: {error}"[:300])
            return None
        kind = media_type(content)
        return None if kind is None else PictureFile(content, kind)

    async def _follow(self, address: str) -> bytes:
        current = address
        for _ in range(_REDIRECTS + 1):
            request = _request(current)
            await self._check(request.url)
            answer = await exchange(self._http, request, within=self._within, max_bytes=self._max_bytes)
            location = answer.headers.get("location")
            if answer.status not in _MOVED or not location:
                return answer.content if answer.status == httpx.codes.OK else b""
            current = urljoin(current, location.strip())
        return b""

    async def _check(self, url: httpx.URL) -> None:
        """Raises PrivateAddress for one behind a proxy, which connects by itself; unknown names are left to it."""
        if self._proxies.proxy_for(url.scheme, url.host, url.port) is not None:
            with contextlib.suppress(NameUnknown):
                await self._resolve(url.host, url.port or 0)


def media_type(content: bytes) -> str | None:
    """JPEG, PNG or WebP, by the first bytes; None for everything else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _KINDS if content.startswith(start)), None)


def _request(address: str) -> httpx.Request:
    """Raises ValueError for anything but an absolute http(s) address without a password."""
    url = httpx.URL(f"https:{address}" if address.startswith("//") else address)
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise ValueError("no absolute http(s) address without a password")
    headers = {"accept": "image/*", "accept-encoding": "identity", "user-agent": "shopsync"}
    return httpx.Request("GET", url, headers=headers)
