"""One HTTP exchange within bounds: of time, of bytes on the line and of bytes unpacked."""

import asyncio
import itertools
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from publisher.errors import Unavailable

_LARGEST = 8 * 1024 * 1024
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures before the first byte left: the write has certainly not been done."""
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
ACCEPTED_ENCODINGS = "gzip, deflate"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole reply, unpacked."""

    status: int
    headers: Mapping[str, str]
    content: bytes


async def exchange(http: httpx.AsyncClient, request: httpx.Request, *, deadline: timedelta, write: bool) -> Answer:
    """Send and read to the end. Raises Unavailable when there is no whole answer by then, or one over 8 MiB.

    The deadline is for everything together, waiting for a connection included: a server that sends a byte now and
    then is silent for no time-out of the client's, and would hold a worker indefinitely.
    """
    try:
        async with asyncio.timeout(deadline.total_seconds()):
            return await _exchange(http, request, write=write)
    except TimeoutError:
        text = f"TikTok Shop's answer was not complete within {deadline.total_seconds():g} s"
        raise Unavailable("deadline", text, outcome_unknown=write) from None
    except _NOT_SENT as error:
        raise Unavailable("network", f"TikTok Shop cannot be reached: {_words(error)}") from None
    except httpx.HTTPError as error:
        # `from None`: httpx's exceptions hold the request, whose query and headers hold secrets.
        message = f"TikTok Shop's answer was lost: {_words(error)}"
        raise Unavailable("network", message, outcome_unknown=write) from None


async def _exchange(http: httpx.AsyncClient, request: httpx.Request, *, write: bool) -> Answer:
    response = await http.send(request, stream=True)
    try:
        packed = await _bounded(response)
    finally:
        await response.aclose()
    content = None if packed is None else _unpacked(packed, response.headers.get("content-encoding", ""), write=write)
    if content is None:
        raise Unavailable("reply_too_large", "TikTok Shop's answer is over 8 MiB", outcome_unknown=write)
    return Answer(response.status_code, response.headers, content)


async def _bounded(response: httpx.Response) -> bytes | None:
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > _LARGEST:
            return None
        parts.append(part)
    return b"".join(parts)


def _unpacked(packed: bytes, encoding: str, *, write: bool) -> bytes | None:
    """None when it is over the limit. httpx would unpack a chunk, a thousandfold at worst, before anyone looks."""
    match encoding.strip().lower():
        case "" | "identity":
            return packed
        case "gzip" | "x-gzip" | "deflate":
            unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
        case other:
            raise Unavailable("reply_encoding", f"TikTok Shop's answer is packed as {other!r}", outcome_unknown=write)
    try:
        content = unpacker.decompress(packed, _LARGEST + 1)
    except zlib.error:
        raise Unavailable("reply_encoding", "TikTok Shop's answer cannot be unpacked", outcome_unknown=write) from None
    if len(content) > _LARGEST:
        return None
    if not unpacker.eof:
        raise Unavailable("reply_encoding", "TikTok Shop's packed answer has no end", outcome_unknown=write)
    return content


def _words(error: httpx.HTTPError) -> str:
    return f"{type(error).__name__} {error}".strip()


class ManyPools(httpx.AsyncBaseTransport):
    """Small connection pools taken in turn, instead of one large one.

    httpcore goes through all connections of a pool when a request begins and when it ends, and asks the kernel about
    each idle one: with 100 pushes at once that was a sixth of this process's work (measured).
    """

    def __init__(self, count: int) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        self._pools = [httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits) for _ in range(count)]
        self._turns = itertools.cycle(self._pools)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """By the pool whose turn it is."""
        return await next(self._turns).handle_async_request(request)

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools:
            await pool.aclose()
