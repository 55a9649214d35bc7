"""One HTTP exchange with another system, within bounds: of time, of bytes on the line and of bytes unpacked.

- ExchangeFailed
  - NotSent          no connection: the server has certainly done nothing
  - DeadlinePassed   no whole answer in time
  - AnswerLost       the connection broke, or what came is no HTTP
  - BodyUnusable     status and headers are there, the body is not
    - BodyTooLong    over the limit, packed or unpacked
    - BodyBroken     compressed in a way that was not asked for, broken, or cut off

Their texts hold nothing of the request's query and headers, so no secret. Each service turns them into its own errors.
"""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from shopsync_runtime.errors import RetryableError

_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_UNPACKABLE = frozenset({"gzip", "x-gzip", "deflate"})
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole reply, unpacked."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 2xx."""
        return 200 <= self.status < 300


class ExchangeFailed(RetryableError):
    """There is no whole answer."""


class NotSent(ExchangeFailed):
    """It failed before the first byte left."""


class DeadlinePassed(ExchangeFailed):
    """The answer was not complete in time."""


class AnswerLost(ExchangeFailed):
    """The request may have been carried out."""


class BodyUnusable(ExchangeFailed):
    """`answer` has no content. Of an error its status may say enough."""

    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message)
        self.answer = answer


class BodyTooLong(BodyUnusable):
    """The body is over the limit; the rest of it was not read."""


class BodyBroken(BodyUnusable):
    """The body cannot be unpacked."""


async def exchange(http: httpx.AsyncClient, request: httpx.Request, *, within: timedelta, max_bytes: int) -> Answer:
    """Send, and read to the end. Redirects are not followed. Raises ExchangeFailed.

    The deadline is for everything together, waiting for a connection included: the time-outs of httpx are per read,
    and a server that sends a byte now and then would never end. `max_bytes` holds for the body as it comes and
    unpacked. It is unpacked here, because httpx unpacks a chunk, a thousandfold at worst, before anyone looks.
    """
    try:
        async with asyncio.timeout(within.total_seconds()):
            response = await http.send(request, stream=True, follow_redirects=False)
            try:
                content = await _read(response, max_bytes)
            finally:
                await response.aclose()
    # `from None`: httpx's exceptions hold the request, whose query and headers may hold secrets.
    except TimeoutError:
        raise DeadlinePassed("no reply in time") from None
    except _BEFORE_SENDING as error:
        raise NotSent(_words(error)) from None
    except httpx.HTTPError as error:
        raise AnswerLost(_words(error)) from None
    return Answer(response.status_code, response.headers, content)


async def _read(response: httpx.Response, max_bytes: int) -> bytes:
    answer = Answer(response.status_code, response.headers, b"")
    unpacker = _unpacker(response, answer)
    body, received = bytearray(), 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        try:
            body += chunk if unpacker is None else unpacker.decompress(chunk, max_bytes + 1 - len(body))
        except zlib.error:
            raise BodyBroken("the reply's compression is broken", answer) from None
        if max(received, len(body)) > max_bytes:
            raise BodyTooLong(f"the reply is longer than {max_bytes} bytes", answer)
    if unpacker is not None and not unpacker.eof:
        raise BodyBroken("the reply's compression breaks off", answer)
    return bytes(body)


def _unpacker(response: httpx.Response, answer: Answer) -> "zlib._Decompress | None":
    """None: the body is not compressed."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return None
    asked_for = {name.strip().lower() for name in response.request.headers.get("accept-encoding", "").split(",")}
    if encoding not in _UNPACKABLE or encoding.removeprefix("x-") not in asked_for:
        raise BodyBroken(f"the reply is compressed as {encoding[:20]!r}, not as asked for", answer)
    return zlib.decompressobj(_GZIP_OR_ZLIB)


def _words(error: httpx.HTTPError) -> str:
    name = type(error).__name__
    return f"no reply in time ({name})" if isinstance(error, httpx.TimeoutException) else f"{name}: {error}"[:_SHOWN]
