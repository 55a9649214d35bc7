"""One HTTP exchange with another system, with limits on time, bytes received and bytes decompressed.

- ExchangeFailed
  - NotSent          no connection: the server has certainly done nothing
  - DeadlinePassed   no complete answer in time
  - AnswerLost       the connection broke, or the answer is not HTTP
  - BodyUnusable     status and headers arrived, but no usable body
    - BodyTooLong    above the limit, compressed or decompressed
    - BodyBroken     a compression that was not requested, broken or cut off

Their texts contain no query and no headers of the request, so no secret. Each service turns them into its own errors.
"""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from shopsync_runtime.errors import RetryableError

_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_UNPACKABLE = frozenset({"gzip", "x-gzip", "deflate"})
_SHOWN = 300

Sender = httpx.AsyncClient | httpx.AsyncBaseTransport
"""What sends a request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete reply, decompressed."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 2xx."""
        return 200 <= self.status < 300


class ExchangeFailed(RetryableError):
    """There is no complete answer."""


class NotSent(ExchangeFailed):
    """It failed before the first byte was sent."""


class DeadlinePassed(ExchangeFailed):
    """The answer was not complete in time."""


class AnswerLost(ExchangeFailed):
    """The request may have been carried out."""


class BodyUnusable(ExchangeFailed):
    """`answer` has no content. For an error, its status may be enough."""

    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message)
        self.answer = answer


class BodyTooLong(BodyUnusable):
    """The body is above the limit. The rest of it was not read."""


class BodyBroken(BodyUnusable):
    """The body cannot be decompressed."""


async def exchange(http: Sender, request: httpx.Request, *, within: timedelta, max_bytes: int) -> Answer:
    """Send the request and read the whole answer. Redirects are not followed. Raises ExchangeFailed.

    A transport sends it as it is: no cookies, authentication or default headers, and in much less processor time.

    `within` limits everything together, including the wait for a connection. The timeouts of httpx are per read, so a
    server that sends a byte from time to time would never time out. `max_bytes` limits the body both compressed and
    decompressed. It is decompressed here, because httpx decompresses a chunk, up to a thousandfold, without a limit.
    """
    try:
        async with asyncio.timeout(within.total_seconds()):
            if isinstance(http, httpx.AsyncClient):
                response = await http.send(request, stream=True, follow_redirects=False)
            else:
                response = await http.handle_async_request(request)
            try:
                content = await _read(request, response, max_bytes)
            finally:
                await response.aclose()
    # `from None`: httpx's exceptions contain the request, whose query and headers may contain secrets.
    except TimeoutError:
        raise DeadlinePassed("no reply in time") from None
    except _BEFORE_SENDING as error:
        raise NotSent(_words(error)) from None
    except httpx.HTTPError as error:
        raise AnswerLost(_words(error)) from None
    return Answer(response.status_code, response.headers, content)


async def _read(request: httpx.Request, response: httpx.Response, max_bytes: int) -> bytes:
    answer = Answer(response.status_code, response.headers, b"")
    unpacker = _unpacker(request, response, answer)
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


def _unpacker(request: httpx.Request, response: httpx.Response, answer: Answer) -> "zlib._Decompress | None":
    """None: the body is not compressed."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return None
    asked_for = {name.strip().lower() for name in request.headers.get("accept-encoding", "").split(",")}
    if encoding not in _UNPACKABLE or encoding.removeprefix("x-") not in asked_for:
        raise BodyBroken(f"the reply is compressed as {encoding[:20]!r}, not as asked for", answer)
    return zlib.decompressobj(_GZIP_OR_ZLIB)


def _words(error: httpx.HTTPError) -> str:
    name = type(error).__name__
    return f"no reply in time ({name})" if isinstance(error, httpx.TimeoutException) else f"{name}: {error}"[:_SHOWN]
