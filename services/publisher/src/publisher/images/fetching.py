"""Fetching the merchant's image files: bounded in size and time, every connection and redirect checked."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin

import httpx

from publisher.errors import ImageUnreachable, ImageUnusable
from publisher.store import KnownFile
from shopsync_runtime.http_connections import Connections
from shopsync_runtime.http_proxy import NO_PROXY, ProxyRules
from shopsync_runtime.public_addresses import Resolve, ResolvedNetwork

_REDIRECTS = 3
_MOVED = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})
_REFUSED = frozenset({401, 403, 406})
_LET_IN = ", its protection against hotlinks or robots keeps us out: let in the user agent 'shopsync' without a referer"
_TROUBLES = (httpx.TransportError, OSError)
_OF_HOSTS = frozenset({"image_private", "image_host"})
"""Codes of errors that are raised for a host: the whole address is not known there."""
_AT_ONCE = 200
"""Requests at a time, of all shops. Chosen: each holds a connection."""
_HOST = re.compile(rb"[0-9A-Za-z_.:-]+")
_LAST_PORT = 65_535
_AUTHORITY = re.compile(rb"((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)([^/?#\\]*)")
_RAW = re.compile(rb"[\x80-\xff]\\?|[\x00-\x20\x7f]")
"""Bytes to escape: all but printable ASCII. A backslash after one may be the second byte of a Shift_JIS letter."""

Reserve = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file and the validators of its reply. `content` None: unchanged since the known one."""

    content: bytes | None
    etag: str | None
    last_modified: str | None


class Fetcher:
    """Raises ImageUnreachable for temporary failures (network, 5xx), ImageUnusable for permanent ones (404, too large).

    Connections are kept per host name and not shared between names of the same address: TLS was verified for one.
    """

    def __init__(
        self,
        resolve: Resolve,
        *,
        timeout: timedelta,
        max_bytes: int,
        ssl_context: ssl.SSLContext | None = None,
        proxies: ProxyRules = NO_PROXY,
    ) -> None:
        self._resolve = resolve
        self._proxies = proxies
        self._connections = Connections(ssl_context=ssl_context, network=ResolvedNetwork(resolve), proxies=proxies)
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._timeout = timeout.total_seconds()
        self._max_bytes = max_bytes

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connections.aclose()

    async def fetch(self, address: str, known: KnownFile | None, reserve: Reserve | None = None) -> Fetched:
        """Get the file, or learn that it has not changed since `known`. The deadline covers redirects too.

        `reserve` is awaited before the content is read, with the largest size it may have in bytes.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._follow(address, known, reserve)
        except TimeoutError:
            raise ImageUnreachable("image_timeout", f"{address}: no whole answer in {self._timeout:g} s") from None
        except (ImageUnreachable, ImageUnusable) as error:
            if error.code not in _OF_HOSTS:
                raise
            raise type(error)(error.code, f"{address}: {error.message}") from None
        except _TROUBLES as error:
            raise ImageUnreachable("image_network", f"{address}: {type(error).__name__} {error}".strip()) from None

    async def _follow(self, address: str, known: KnownFile | None, reserve: Reserve | None) -> Fetched:
        current = address
        for _ in range(_REDIRECTS + 1):
            request = _request(current, known)
            async with self._places:
                await self._check(request.url)
                response = await self._connections.handle_async_request(request)
                try:
                    if response.status_code not in _MOVED or "location" not in response.headers:
                        return await self._read(address, response, reserve)
                    location = next(value for name, value in response.headers.raw if name.lower() == b"location")
                    current = _redirected(address, current, location)
                finally:
                    await response.aclose()
        raise ImageUnusable("image_redirects", f"{address}: more than {_REDIRECTS} redirects")

    async def _check(self, url: httpx.URL) -> None:
        """Raises ImageUnusable for a private address behind a proxy, which connects by itself.

        A name that is not known here is left to the proxy: inside such networks only it knows the internet's names.
        """
        if self._proxies.proxy_for(url.scheme, url.host, url.port) is None:
            return  # the connection itself is checked
        with contextlib.suppress(ImageUnreachable):
            await self._resolve(url.host, url.port or 0)

    async def _read(self, address: str, response: httpx.Response, reserve: Reserve | None) -> Fetched:
        status, headers = response.status_code, response.headers
        etag, modified = headers.get("etag"), headers.get("last-modified")
        if status == httpx.codes.NOT_MODIFIED:
            async for _ in response.aiter_raw():
                pass  # empty; read so that the connection is kept
            return Fetched(None, etag, modified)
        if status != httpx.codes.OK:
            kind = ImageUnreachable if status >= 500 or status in _PASSING else ImageUnusable
            advice = _LET_IN if status in _REFUSED else ""
            raise kind(f"image_http_{status}", f"{address}: the server answers {status}{advice}")
        if headers.get("content-encoding", "identity").strip().lower() not in {"identity", ""}:
            raise ImageUnusable("image_encoding", f"{address}: the server sends it compressed although not asked to")
        length = int(headers.get("content-length", self._max_bytes))
        if length > self._max_bytes:
            raise self._too_large(address)
        if reserve is not None:
            await reserve(length)
        parts, size = [], 0
        async for part in response.aiter_raw():
            size += len(part)
            if size > self._max_bytes:
                raise self._too_large(address)
            parts.append(part)
        return Fetched(b"".join(parts), etag, modified)

    def _too_large(self, address: str) -> ImageUnusable:
        return ImageUnusable("image_too_large", f"{address}: the file is over {self._max_bytes} bytes")


def _request(address: str, known: KnownFile | None) -> httpx.Request:
    """Raises ImageUnusable for anything but an absolute http(s) address without a password."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ImageUnusable("image_address", f"{address}: {error}") from None
    if url.scheme not in {"http", "https"} or not _HOST.fullmatch(url.raw_host) or (url.port or 0) > _LAST_PORT:
        raise ImageUnusable("image_address", f"{address}: no absolute http(s) address")
    if url.userinfo:
        raise ImageUnusable("image_address", f"{url.host}: addresses with a password are not fetched")
    headers = [("accept", "image/*"), ("accept-encoding", "identity"), ("user-agent", "shopsync")]
    if known is not None and known.etag:
        headers.append(("if-none-match", known.etag))
    elif known is not None and known.last_modified:
        headers.append(("if-modified-since", known.last_modified))
    return httpx.Request("GET", url, headers=headers)


def _redirected(address: str, current: str, location: bytes) -> str:
    """The address of a redirect. Many servers send Japanese names as raw bytes: these bytes are escaped as they are.

    Raises ImageUnusable for a host that cannot be read.
    """
    location = location.strip()
    authority = _AUTHORITY.match(location)
    begin = authority.end() if authority is not None else 0
    try:
        return urljoin(current, location[:begin].decode() + _RAW.sub(_escaped, location[begin:]).decode("ascii"))
    except ValueError:
        raise ImageUnusable("image_address", f"{address}: redirects to an address that cannot be read") from None


def _escaped(raw: re.Match[bytes]) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in raw[0])
