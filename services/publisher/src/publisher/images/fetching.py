"""Fetching the merchant's image files: bounded in size and time, every connection and redirect checked."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin

import httpcore
import httpx

from publisher.errors import ImageUnreachable, ImageUnusable
from publisher.images.addresses import GuardedNetwork
from publisher.store import KnownFile

_REDIRECTS = 3
_MOVED = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})
_REFUSED = frozenset({401, 403, 406})
_LET_IN = ", its protection against hotlinks or robots keeps us out: let in the user agent 'shopsync' without a referer"
_TROUBLES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError)
_OF_HOSTS = frozenset({"image_private", "image_host"})
"""Codes of errors that the network raises: it knows the host, not the whole address."""
_POOLS = 25
_CONNECTIONS = 8
"""In each pool: httpcore asks the kernel about all idle connections of a pool whenever a request begins or ends."""
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
        network: GuardedNetwork,
        *,
        timeout: timedelta,
        max_bytes: int,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        context = ssl_context or httpx.create_ssl_context(trust_env=False)
        self._pools = [_pool(network, context) for _ in range(_POOLS)]
        self._busy = [0] * _POOLS
        self._timeout = timeout.total_seconds()
        self._max_bytes = max_bytes

    async def aclose(self) -> None:
        """Close the connections."""
        for pool in self._pools:
            await pool.aclose()

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
            url, headers = _request(current, known)
            with self._first_free() as pool:
                async with pool.stream("GET", url, headers=headers, extensions=self._limits()) as response:
                    found = _headers(response)
                    if response.status in _MOVED and "location" in found:
                        current = _redirected(address, current, found["location"].encode("latin-1"))
                        continue
                    return await self._read(address, response, found, reserve)
        raise ImageUnusable("image_redirects", f"{address}: more than {_REDIRECTS} redirects")

    @contextlib.contextmanager
    def _first_free(self) -> Iterator[httpcore.AsyncConnectionPool]:
        """The first pool with a free connection, so that few requests share the same open connections."""
        place = next((place for place, busy in enumerate(self._busy) if busy < _CONNECTIONS), 0)
        self._busy[place] += 1
        try:
            yield self._pools[place]
        finally:
            self._busy[place] -= 1

    def _limits(self) -> dict[str, dict[str, float]]:
        return {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), self._timeout)}

    async def _read(
        self, address: str, response: httpcore.Response, headers: Mapping[str, str], reserve: Reserve | None
    ) -> Fetched:
        status = response.status
        etag, modified = headers.get("etag"), headers.get("last-modified")
        if status == httpx.codes.NOT_MODIFIED:
            await response.aread()  # empty; read so that the connection is kept
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
        async for part in response.aiter_stream():
            size += len(part)
            if size > self._max_bytes:
                raise self._too_large(address)
            parts.append(part)
        return Fetched(b"".join(parts), etag, modified)

    def _too_large(self, address: str) -> ImageUnusable:
        return ImageUnusable("image_too_large", f"{address}: the file is over {self._max_bytes} bytes")


def _pool(network: GuardedNetwork, context: ssl.SSLContext) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        ssl_context=context,
        max_connections=_CONNECTIONS,
        max_keepalive_connections=_CONNECTIONS // 2,
        keepalive_expiry=5.0,
        network_backend=network,
    )


def _request(address: str, known: KnownFile | None) -> tuple[httpcore.URL, list[tuple[str, str]]]:
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
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    return target, headers


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


def _headers(response: httpcore.Response) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
