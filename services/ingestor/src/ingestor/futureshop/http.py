"""One HTTP exchange with futureshop: bounded in time and size, and every way it can fail as a typed error."""

import asyncio
import json
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from ingestor.errors import BrokenReply, Busy, Denied, Refused, UnexpectedReply, Unreachable
from ingestor.futureshop.error_text import error_text, secrets_of

ACCEPTED = {"Accept": "application/json", "Accept-Encoding": "gzip"}
"""Headers that say what `exchange` can read."""

_DENIED = frozenset({401, 403})
_GZIP = 31  # zlib's window bits for a gzip header
_SHOWN = 300
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


async def exchange(
    http: httpx.AsyncClient, request: httpx.Request, *, max_bytes: int, within: float
) -> Mapping[str, Any]:
    """Send and read one JSON object within so many seconds. Raises the FutureshopError that says what helps."""
    try:
        # httpx's own time-outs are per read: a server that sends a byte now and then would never end.
        async with asyncio.timeout(within):
            response = await http.send(request, stream=True, follow_redirects=False)
            try:
                body = await _read(response, max_bytes)
            finally:
                await response.aclose()
    except (TimeoutError, httpx.TimeoutException) as error:
        raise Unreachable(f"{_name(request)}: no reply in time ({type(error).__name__})") from error
    except httpx.HTTPError as error:
        raise Unreachable(f"{_name(request)}: {type(error).__name__}: {str(error)[:_SHOWN]}") from error
    return _document(request, response, body)


async def _read(response: httpx.Response, max_bytes: int) -> bytes:
    """The body, unpacked. Of an answer that is an error anyway, an unreadable body is left out."""
    try:
        return await _unpacked(response, max_bytes)
    except (BrokenReply, UnexpectedReply):
        if response.is_success:
            raise
        return b""


async def _unpacked(response: httpx.Response, max_bytes: int) -> bytes:
    """Unpacked here and bounded, because httpx would unpack a bomb whole."""
    name, encoding = _name(response.request), response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise BrokenReply(f"{name}: the reply is compressed as {encoding[:20]!r}, not as asked for")
    unpacker = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    body = bytearray()
    async for chunk in response.aiter_raw():
        try:
            body += unpacker.decompress(chunk, max_bytes + 1 - len(body)) if unpacker else chunk
        except zlib.error as error:
            raise BrokenReply(f"{name}: the reply's compression is broken") from error
        if len(body) > max_bytes:
            raise UnexpectedReply(f"{name}: the reply is longer than {max_bytes} bytes")
    if unpacker is not None and not unpacker.eof:
        raise BrokenReply(f"{name}: the reply's compression breaks off")
    return bytes(body)


def _document(request: httpx.Request, response: httpx.Response, body: bytes) -> Mapping[str, Any]:
    name, status = _name(request), response.status_code
    if status in (408, 425, 429) or status >= 500:
        raise Busy(f"{name}: HTTP {status}{_why(response, body)}", retry_after=_retry_after(response))
    if status in _DENIED:
        raise Denied(f"{name}: HTTP {status}{_why(response, body)}", status=status)
    if not response.is_success:
        raise Refused(f"{name}: HTTP {status}{_why(response, body)}")
    document = _parse(body)
    if document is None:
        raise BrokenReply(f"{name}: HTTP {status}, but the body is no JSON object in UTF-8{_why(response, body)}")
    if document.get("status") == "failed" or document.get("errors"):
        raise Refused(f"{name}: HTTP {status} with status failed{_why(response, body)}")
    return document


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _why(response: httpx.Response, body: bytes) -> str:
    """The reply's own words, or nothing."""
    words = error_text(body, response.headers.get("content-type", ""), secrets_of(response.request.headers))
    return f": {words}" if words else ""


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds until the server wants to be asked again: a number, with a fraction too, or an HTTP date."""
    value = response.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _name(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"
