"""36009004, a code with many meanings: its message and HTTP status tell them apart. Pure."""

import re
from datetime import timedelta

from publisher.errors import (
    AppMisconfigured,
    ClockWrong,
    EndpointWithdrawn,
    PublisherError,
    Refused,
    ShopBlocked,
    TokenExpired,
    Unclear,
)
from publisher.tiktok.body_members import member_refused

AMBIGUOUS = 36009004
_UNAUTHORIZED = 401
_WORDS: tuple[tuple[str, type[PublisherError]], ...] = (
    # It may have been replaced by a newer one: a refresh shows whether the consent has ended.
    (r"access[-_ ]token|token header", TokenExpired),
    (r"^\s*invalid param", Refused),
    (r"\b(app_key|app_secret|sign|timestamp|shop_cipher|category_asset_cipher)\b", AppMisconfigured),
    (r"\bversion\b.{0,20}\binvalid\b", EndpointWithdrawn),
    (r"\bshop_id\b", ShopBlocked),
)
"""The first pattern that the message matches decides."""
_KINDS = tuple((re.compile(words, re.IGNORECASE), kind) for words, kind in _WORDS)
_TIMESTAMP = re.compile(r"\btimestamp\b", re.IGNORECASE)
_WINDOW = timedelta(seconds=25)
"""TikTok refuses no smaller skew: it accepts 30 seconds ahead and 5 minutes behind; `Date` has whole seconds."""


def read_ambiguous(message: str, status: int, skew: timedelta | None) -> PublisherError:
    """The typed error. An unknown message is Unclear: it proves nothing about a write."""
    code, otherwise = str(AMBIGUOUS), TokenExpired if status == _UNAUTHORIZED else Unclear
    kind = next((kind for words, kind in _KINDS if words.search(message)), otherwise)
    if kind is not TokenExpired:
        of_a_member = member_refused(code, message)
        if of_a_member is not None:
            return of_a_member
    is_clock = kind is AppMisconfigured and _TIMESTAMP.search(message) and skew is not None and abs(skew) > _WINDOW
    if is_clock and skew is not None:
        return ClockWrong("clock", f"{message} ({in_words(skew)}: set the clock, such as by NTP)")
    return kind(code, message)


def in_words(skew: timedelta) -> str:
    """How far the clock is off, for people."""
    seconds = skew.total_seconds()
    return f"this machine's clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} TikTok's"
