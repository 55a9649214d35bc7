"""Fetching the merchant's image files: bounded in size and time, redirects checked one by one."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import httpx

from publisher.addresses import resolve
from publisher.errors import ImageUnreachable, ImageUnusable
from publisher.store import KnownFile

_REDIRECTS = 3
_PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file and its validators; `content` None: unchanged since `known`."""

    content: bytes | None
    etag: str | None
    last_modified: str | None


class Fetcher:
    """Raises ImageUnreachable for what may pass (network, 5xx), ImageUnusable for what will not (404, too large)."""

    def __init__(self, http: httpx.AsyncClient, *, timeout: timedelta, max_bytes: int, allow_private: bool) -> None:
        self._http = http
        self._timeout = timeout.total_seconds()
        self._max_bytes = max_bytes
        self._allow_private = allow_private

    async def fetch(self, address: str, known: KnownFile | None) -> Fetched:
        """Get the file, or learn that it is the one we know."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._follow(address, known)
        except TimeoutError:
            raise ImageUnreachable("image_timeout", f"{address}: no whole answer in {self._timeout:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ImageUnreachable("image_network", f"{address}: {type(error).__name__} {error}".strip()) from None

    async def _follow(self, address: str, known: KnownFile | None) -> Fetched:
        current = address
        for _ in range(_REDIRECTS + 1):
            response = await self._request(current, known)
            try:
                if response.has_redirect_location:
                    current = urljoin(current, response.headers["location"])
                    continue
                return await self._read(address, response)
            finally:
                await response.aclose()
        raise ImageUnusable("image_redirects", f"{address}: more than {_REDIRECTS} redirects")

    async def _request(self, address: str, known: KnownFile | None) -> httpx.Response:
        ip = await resolve(address, allow_private=self._allow_private)
        url = httpx.URL(address)
        headers = {"host": url.netloc.decode("ascii"), "accept": "image/*"}
        if known is not None and known.etag:
            headers["if-none-match"] = known.etag
        elif known is not None and known.last_modified:
            headers["if-modified-since"] = known.last_modified
        extensions = {"sni_hostname": urlsplit(address).hostname} if url.scheme == "https" else {}
        request = self._http.build_request("GET", url.copy_with(host=ip), headers=headers, extensions=extensions)
        return await self._http.send(request, stream=True, follow_redirects=False)

    async def _read(self, address: str, response: httpx.Response) -> Fetched:
        etag, modified = response.headers.get("etag"), response.headers.get("last-modified")
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return Fetched(None, etag, modified)
        if response.status_code != httpx.codes.OK:
            kind = (
                ImageUnreachable if response.status_code >= 500 or response.status_code in _PASSING else ImageUnusable
            )
            raise kind(f"image_http_{response.status_code}", f"{address}: the server answers {response.status_code}")
        parts, size = [], 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > self._max_bytes:
                raise ImageUnusable("image_too_large", f"{address}: the file is over {self._max_bytes} bytes")
            parts.append(part)
        return Fetched(b"".join(parts), etag, modified)
