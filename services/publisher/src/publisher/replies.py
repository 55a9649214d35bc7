"""From TikTok's answer to data or a typed error. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from publisher.errors import (
    AppMisconfigured,
    AuthorizationEnded,
    ProductGone,
    PublisherError,
    QuotaReached,
    RateLimited,
    Refused,
    ShopBlocked,
    TokenExpired,
    Unavailable,
    WarehouseUnusable,
)

Data = dict[str, Any]

_RATE = frozenset({36009002, 12052109})
_UNAVAILABLE = frozenset({36009003, 36009007, 33001002, 12001000})
_GONE = frozenset({12052032, 12052260, 12019150, 12052048, 12052034, 12052031})
_WAREHOUSE = frozenset({12052097, 12052530, 12052531, 12052532, 12052115, 12052535, 12019022, 12019088})
_QUOTA = frozenset({12052093})
_SHOP = frozenset({105005, 12052700, 12052419})
_CONSENT = frozenset({36004004, 36004005, 101000, 105001})
_APP = frozenset({106001, 36009033})
_TOKEN_EXPIRED = 105002
_OVERLOADED = 36009004
"""One code, many meanings: only the message's keyword tells them apart."""
_ACCESS_TOKEN = re.compile(r"access[-_ ]token|token header", re.IGNORECASE)
_APP_WORDS = re.compile(r"\b(app_key|sign|timestamp)\b", re.IGNORECASE)


def read_reply(status: int, headers: Mapping[str, str], document: Any, *, write: bool, now: datetime) -> Data:
    """The `data` of a good reply. Raises a PublisherError for everything else.

    `document` is the parsed body, None when it was no JSON. `write`: the call may have changed something.
    """
    retry_after = parse_retry_after(headers.get("retry-after"), now)
    if status == 429:
        raise RateLimited("36009002", "TikTok Shop asked to slow down", retry_after=retry_after)
    if not isinstance(document, dict) or not isinstance(document.get("code"), int):
        what = f"HTTP {status} without a TikTok Shop envelope"
        raise Unavailable(f"http_{status}", what, retry_after=retry_after, outcome_unknown=write)
    code, message = document["code"], str(document.get("message", ""))
    if code == 0:
        data = document.get("data")
        return data if isinstance(data, dict) else {}
    if status >= 500 or code in _UNAVAILABLE:
        raise Unavailable(str(code), message, retry_after=retry_after, outcome_unknown=write)
    if code in _RATE:
        raise RateLimited(str(code), message, retry_after=retry_after)
    raise error_of(code, _with_skew(message, headers, now))


def error_of(code: int, message: str) -> PublisherError:
    """The typed error of a code that is not about the gateway's health."""
    kinds: tuple[tuple[frozenset[int], type[PublisherError]], ...] = (
        (frozenset({_TOKEN_EXPIRED}), TokenExpired),
        (_QUOTA, QuotaReached),
        (_GONE, ProductGone),
        (_WAREHOUSE, WarehouseUnusable),
        (_SHOP, ShopBlocked),
        (_CONSENT, AuthorizationEnded),
        (_APP, AppMisconfigured),
    )
    for codes, kind in kinds:
        if code in codes:
            return kind(str(code), message)
    if code == _OVERLOADED:
        return _overloaded(message)
    return Refused(str(code), message)


def _overloaded(message: str) -> PublisherError:
    if _ACCESS_TOKEN.search(message):
        # Perhaps only replaced by a newer one: the refresh tells whether the consent itself is gone.
        return TokenExpired(str(_OVERLOADED), message)
    if _APP_WORDS.search(message):
        return AppMisconfigured(str(_OVERLOADED), message)
    return Refused(str(_OVERLOADED), message)


def _with_skew(message: str, headers: Mapping[str, str], now: datetime) -> str:
    """Add how far our clock is off when TikTok complains about the time stamp."""
    if "timestamp" not in message.lower():
        return message
    server = _http_date(headers.get("date"))
    if server is None:
        return message
    return f"{message} (this machine's clock is {(now - server).total_seconds():+.0f} s off TikTok's)"


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """`Retry-After` in seconds or as an HTTP date; None when absent or unreadable."""
    if value is None:
        return None
    if value.strip().isdigit():
        return timedelta(seconds=int(value))
    date = _http_date(value)
    return max(date - now, timedelta(0)) if date is not None else None


def _http_date(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
