"""One JSON exchange with futureshop, with a typed error for every failure."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import orjson

from ingestor.errors import BrokenReply, Busy, Denied, Refused, UnexpectedReply, Unreachable
from ingestor.futureshop.error_text import error_text, secrets_of
from shopsync_runtime.http_client import Answer, BodyTooLong, BodyUnusable, ExchangeFailed, exchange

ACCEPTED = {"Accept": "application/json", "Accept-Encoding": "gzip"}
"""Headers of every request."""

_DENIED = frozenset({401, 403})
_ZEROS = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))
_LONG = b"0" * 19
"""A number of 18 digits fits in 64 bits; a longer one may not."""
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


async def exchange_json(
    http: httpx.AsyncClient, request: httpx.Request, *, max_bytes: int, within: timedelta
) -> Mapping[str, Any]:
    """Send the request and read one JSON object. Raises FutureshopError."""
    name = _name(request)
    try:
        answer = await exchange(http, request, within=within, max_bytes=max_bytes)
    except BodyUnusable as error:
        if error.answer.is_success:
            kind = UnexpectedReply if isinstance(error, BodyTooLong) else BrokenReply
            raise kind(f"{name}: {error}") from error
        answer = error.answer  # the status of an error is enough
    except ExchangeFailed as error:
        raise Unreachable(f"{name}: {error}") from error
    return _document(request, answer)


def _document(request: httpx.Request, answer: Answer) -> Mapping[str, Any]:
    name, status = _name(request), answer.status
    if status in (408, 425, 429) or status >= 500:
        raise Busy(f"{name}: HTTP {status}{_why(request, answer)}", retry_after=_retry_after(answer))
    if status in _DENIED:
        raise Denied(f"{name}: HTTP {status}{_why(request, answer)}", status=status)
    if not answer.is_success:
        raise Refused(f"{name}: HTTP {status}{_why(request, answer)}")
    document = _parse(answer.content)
    if document is None:
        raise BrokenReply(f"{name}: HTTP {status}, but the body is no JSON object in UTF-8{_why(request, answer)}")
    if document.get("status") == "failed" or document.get("errors"):
        raise Refused(f"{name}: HTTP {status} with status failed{_why(request, answer)}")
    return document


def _parse(body: bytes) -> dict[str, Any] | None:
    document = _read_fast(body)
    if document is None:
        try:
            document = json.loads(body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return None
    return document if isinstance(document, dict) else None


def _read_fast(body: bytes) -> Any:
    """The document, read in two thirds of the time that Python's reader takes; None if it is left to that.

    orjson refuses the whole page where Python's reader leaves something for one product to be refused for: NaN, half a
    character. Of a whole number that does not fit in 64 bits it would keep the first digits only.
    """
    if _LONG in body.translate(_ZEROS):
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _why(request: httpx.Request, answer: Answer) -> str:
    """The reply's text, or nothing."""
    words = error_text(answer.content, answer.headers.get("content-type", ""), secrets_of(request.headers))
    return f": {words}" if words else ""


def _retry_after(answer: Answer) -> float | None:
    """Seconds until the server wants to be called again. The header has a number, also a decimal, or an HTTP date."""
    value = answer.headers.get("retry-after", "").strip()
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
