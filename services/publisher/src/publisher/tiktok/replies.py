"""Reads TikTok's answers: data or a typed error. Pure."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from publisher.errors import HourSpent, Passing, PublisherError, RateLimited, Unavailable, Unclear
from publisher.tiktok.ambiguous_code import AMBIGUOUS, read_ambiguous
from publisher.tiktok.body_members import member_refused
from publisher.tiktok.clock_skew import http_date
from publisher.tiktok.codes import is_known, kind_of

Data = dict[str, Any]

_TOO_MANY, _REQUEST_TIMEOUT = 429, 408
_INVALID_PARAMETER = 98001004
_LONGEST_TEXT = 1_000
_LONGEST_ID = 64
_DAY = timedelta(days=1)
_CLOCKS_DIFFER = timedelta(seconds=5)


def read_json(content: bytes) -> Any:
    """The document, with exact integers of any size; None when it is not JSON in UTF-8, or nested too deeply."""
    try:
        return json.loads(content.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def read_reply(
    status: int, headers: Mapping[str, str], document: Any, *, write: bool, now: datetime, skew: timedelta | None = None
) -> Data:
    """The `data` of a good reply. Raises a PublisherError for everything else.

    `document` is the parsed body, None when it was no JSON. `write`: the call may have changed something. `skew`: how
    far our clock was ahead of TikTok's when the reply came.
    """
    retry_after = parse_retry_after(headers.get("retry-after"), now)
    envelope = document if isinstance(document, dict) else {}
    code = envelope.get("code")
    number = code if isinstance(code, int) and not isinstance(code, bool) else None
    if number == 0 and 200 <= status < 300:
        data = envelope.get("data")
        if data is None or isinstance(data, dict):
            return data or {}
        raise Unavailable("reply", f"TikTok Shop's data is a {type(data).__name__}", outcome_unknown=write)
    error: PublisherError
    if number is None or number == 0:
        error = _without_code(status, number, write=write)
    else:
        error = _refusal(number, _text(envelope, number), status, skew, write=write)
    if isinstance(error, Passing):
        error.retry_after = retry_after
    if isinstance(error, HourSpent) and retry_after is None:
        error.retry_after = until_next_hour(now)
    error.request_id = request_id_of(document) or ""
    raise error


def request_id_of(document: Any) -> str | None:
    """TikTok's name for the call, which its support asks for."""
    given = document.get("request_id") if isinstance(document, dict) else None
    return str(given)[:_LONGEST_ID] if given else None


def error_of(code: int, message: str, *, status: int = 200, skew: timedelta | None = None) -> PublisherError:
    """The typed error of a code. `outcome_unknown` is set where the code does not prove that a write was not done."""
    error: PublisherError
    if code == AMBIGUOUS:
        error = read_ambiguous(message, status, skew)
        error.outcome_unknown = isinstance(error, Unclear)
        return error
    of_a_member = member_refused(str(code), message) if code == _INVALID_PARAMETER else None
    error = of_a_member or kind_of(code)(str(code), message)
    error.outcome_unknown = isinstance(error, Unavailable) or not is_known(code)
    return error


def _refusal(code: int, message: str, status: int, skew: timedelta | None, *, write: bool) -> PublisherError:
    """The error of a code, unless the HTTP status contradicts it."""
    error = error_of(code, message, status=status, skew=skew)
    is_limit = isinstance(error, RateLimited | HourSpent)
    if not is_limit and status == _TOO_MANY:
        error = RateLimited(error.code, message, outcome_unknown=error.outcome_unknown)
    elif not is_limit and not 200 <= status < 300 and (status < 400 or status == _REQUEST_TIMEOUT or status >= 500):
        # A gateway answered: what became of a write is not certain.
        error = Unavailable(error.code, message, outcome_unknown=True)
    error.outcome_unknown = error.outcome_unknown and write
    return error


def _without_code(status: int, code: int | None, *, write: bool) -> Passing:
    if status == _TOO_MANY:
        return RateLimited(f"http_{status}", "TikTok Shop asked to slow down", outcome_unknown=write)
    what = f"HTTP {status} without a TikTok Shop envelope" if code != 0 else f"HTTP {status} with code 0"
    return Unavailable(f"http_{status}", what, outcome_unknown=write)


def until_next_hour(now: datetime) -> timedelta:
    """The rest of the hour plus 5 seconds, in case the clocks differ."""
    hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return hour - now + _CLOCKS_DIFFER


def _text(envelope: Data, code: int) -> str:
    """TikTok's message, cut to 1,000 characters: it goes into events and onto screens."""
    text = str(envelope.get("message") or "").strip()
    return text[:_LONGEST_TEXT] if text else f"TikTok Shop gives no reason for code {code}"


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """`Retry-After` in seconds or as an HTTP date, a day at most; None when absent or unreadable."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return min(timedelta(seconds=int(value)), _DAY)
    date = http_date(value)
    return min(max(date - now, timedelta(0)), _DAY) if date is not None else None
