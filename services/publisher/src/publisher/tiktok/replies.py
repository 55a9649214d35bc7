"""From TikTok's answer to data or a typed error. Pure."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from publisher.errors import (
    AppMisconfigured,
    ClockWrong,
    Passing,
    PublisherError,
    RateLimited,
    Refused,
    TokenExpired,
    Unavailable,
)
from publisher.tiktok.clocks import http_date
from publisher.tiktok.codes import kind_of

Data = dict[str, Any]

_OVERLOADED = 36009004
"""One code, many meanings: only the message's keyword tells them apart."""
_ACCESS_TOKEN = re.compile(r"access[-_ ]token|token header", re.IGNORECASE)
_APP_WORDS = re.compile(r"\b(app_key|app_secret|sign)\b", re.IGNORECASE)
_TIMESTAMP = re.compile(r"\btimestamp\b", re.IGNORECASE)
_ABOUT_A_PARAMETER = re.compile(r"\s*invalid param", re.IGNORECASE)
_WINDOW = timedelta(seconds=25)
"""Less is not what TikTok refuses: it takes 5 minutes behind and 30 seconds ahead; its Date has whole seconds."""
_LONGEST_TEXT = 1_000


def read_json(content: bytes) -> Any:
    """The document, integers of any size exact; None when it is no JSON (in UTF-8) or nested beyond reading."""
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
    if type(code) is int and code == 0 and status < 400:  # a bool is an int as well
        data = envelope.get("data")
        if data is None or isinstance(data, dict):
            return data or {}
        raise Unavailable("reply", f"TikTok Shop's data is a {type(data).__name__}", outcome_unknown=write)
    error: PublisherError
    if status == 429:
        error = RateLimited("36009002", "TikTok Shop asked to slow down", retry_after=retry_after)
    elif type(code) is not int or code == 0:
        what = f"HTTP {status} without a TikTok Shop envelope" if code != 0 else f"HTTP {status} with code 0"
        error = Unavailable(f"http_{status}", what, retry_after=retry_after, outcome_unknown=write)
    else:
        error = _with_hints(error_of(code, _text(envelope, code), skew), status, retry_after, write=write)
    error.request_id = str(envelope.get("request_id") or "")[:64]
    raise error


def error_of(code: int, message: str, skew: timedelta | None = None) -> PublisherError:
    """The typed error of a code."""
    if code == _OVERLOADED:
        return _overloaded(message, skew)
    return kind_of(code)(str(code), message)


def _with_hints(error: PublisherError, status: int, retry_after: timedelta | None, *, write: bool) -> PublisherError:
    if status >= 500 or isinstance(error, Unavailable):
        return Unavailable(error.code, error.message, retry_after=retry_after, outcome_unknown=write)
    if isinstance(error, Passing):
        error.retry_after = retry_after
    return error


def _text(envelope: Data, code: int) -> str:
    """TikTok's words, within bounds: they go into events and onto screens."""
    text = str(envelope.get("message") or "").strip()
    return text[:_LONGEST_TEXT] if text else f"TikTok Shop gives no reason for code {code}"


def _overloaded(message: str, skew: timedelta | None) -> PublisherError:
    code = str(_OVERLOADED)
    if _ACCESS_TOKEN.search(message):
        # Perhaps only replaced by a newer one: the refresh tells whether the consent itself is gone.
        return TokenExpired(code, message)
    if _TIMESTAMP.search(message):
        if skew is not None and abs(skew) > _WINDOW:
            return ClockWrong("clock", f"{message} ({told(skew)}: set the clock, such as by NTP)")
        # "invalid param: … timestamp" with a right clock is about a field of the request.
        return Refused(code, message) if _ABOUT_A_PARAMETER.match(message) else AppMisconfigured(code, message)
    if _APP_WORDS.search(message):
        return AppMisconfigured(code, message)
    return Refused(code, message)


def told(skew: timedelta) -> str:
    """How far the clock is off, for people."""
    seconds = skew.total_seconds()
    return f"this machine's clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} TikTok's"


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """`Retry-After` in seconds or as an HTTP date; None when absent or unreadable. Never more than a day."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return min(timedelta(seconds=int(value)), _DAY)
    date = http_date(value)
    return min(max(date - now, timedelta(0)), _DAY) if date is not None else None


_DAY = timedelta(days=1)
