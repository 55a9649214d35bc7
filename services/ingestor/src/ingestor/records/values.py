"""Reads single values of a source record. Lenient in form, such as numbers as strings, strict in meaning."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from shopsync_contracts.times import JST

MAX_NUMBER = 999_999_999_999
"""Above any price or stock, and within 64 bits."""

LATEST = datetime(2999, 1, 1, tzinfo=UTC)
"""Stands for every time from 2999 on, such as 9999-12-31 for an open end. It is valid in every time zone."""

_TRUE = {True, "true", "1"}
_FALSE = {False, "false", "0"}

_UNSET = frozenset({"", "-", "null", "none", "undefined"})
"""Texts for a missing number or time, in lower case."""

_EPOCH_YEAR = 1970
"""Times up to this year mean a missing value: 0000-00-00, 0001-01-01, 1900-01-01, 1970-01-01. No shop is that old."""

_DAY = r"(?P<year>[+-]?\d{4,6})[-/](?P<month>\d\d)[-/](?P<day>\d\d)"
_TIME = r"[T ](?P<time>\d\d:\d\d(:\d\d(\.\d{1,9})?)?)\s*(?P<zone>Z|[+-]\d\d:?\d\d)?"
_STAMP = re.compile(f"{_DAY}({_TIME})?", re.ASCII)

_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?([Ee][+-]?\d{1,2})?", re.ASCII)
_LONGEST_NUMBER = 40
_FULL_WIDTH = str.maketrans("０１２３４５６７８９，．＋－", "0123456789,.+-")


class Unreadable(ValueError):
    """A value is invalid. The text names the source field, the problem and the value."""

    def __init__(self, field: str, problem: str, given: object = None) -> None:
        shown = "" if given is None else f" (given: {given!r:.60})"
        super().__init__(f"{field}: {problem}{shown}")


def at(record: Mapping[str, Any], steps: Sequence[str]) -> Any:
    """The value at the path `steps`; None if the path is empty or a part of it is missing, null or not an object."""
    value: Any = record if steps else None
    for step in steps:
        if not isinstance(value, dict):  # a check for Mapping would take five times as long
            return None
        value = value.get(step)
    return value


def text(value: Any, field: str) -> str:
    """A string. Numbers are converted, null is ""."""
    if not isinstance(value, str):
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise Unreadable(field, "must be a text", value)
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Unreadable(field, f"holds half a character at position {error.start}, which no UTF-8 can carry") from None
    return value


def whole(value: Any, field: str) -> int | None:
    """A whole number from 0, also as 1200.0, "1200.00", "1,200" or full-width digits. None when it is not set."""
    if type(value) is int and 0 <= value <= MAX_NUMBER:  # as nearly all are written
        return value
    if is_unset(value):
        return None
    number = _as_int(value)
    if number is None:
        raise Unreadable(field, "must be a whole number", value)
    if not 0 <= number <= MAX_NUMBER:
        raise Unreadable(field, f"must be from 0 to {MAX_NUMBER}", value)
    return number


def _as_int(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value == int(value) else None
    if not isinstance(value, str) or len(value) > _LONGEST_NUMBER:
        return None
    digits = value.strip().translate(_FULL_WIDTH)
    if _NUMBER.fullmatch(digits) is None:
        return None
    number = Decimal(digits.replace(",", ""))
    return int(number) if number == number.to_integral_value() else None


def is_unset(value: Any) -> bool:
    """Whether an optional number or time is missing: null, or a text for it."""
    return value is None or (isinstance(value, str) and len(value) < 20 and value.strip().lower() in _UNSET)


def flag(value: Any, field: str) -> bool | None:
    """A boolean, also as "true", "1", 1 or 1.0. Null is None."""
    if value is None or value is True or value is False:
        return value
    plain = value.lower() if isinstance(value, str) else value
    if isinstance(plain, bool | int | float | str):
        if plain in _TRUE:
            return True
        if plain in _FALSE:
            return False
    raise Unreadable(field, "must be true or false", value)


def stamp(value: Any, field: str, *, time_of_day: time = time.min) -> datetime | None:
    """An aware time, in Asia/Tokyo if it has no offset. None when it is not set.

    Placeholders are recognised: a time up to 1970 is not set, one from 2999 on is LATEST. A date without a time gets
    `time_of_day`.
    """
    match = _STAMP.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        if is_unset(value) or value in (0, "0"):
            return None
        raise Unreadable(field, "must be a time such as 2026-11-22T18:30:00", value)
    year = int(match["year"])
    if year <= _EPOCH_YEAR:
        return None
    if year >= LATEST.year:
        return LATEST
    try:
        return _moment(match, time_of_day)
    except ValueError:
        raise Unreadable(field, "must be a time such as 2026-11-22T18:30:00", value) from None


def in_reach(moment: datetime | None) -> datetime | None:
    """The time; None for a placeholder in the far future, which says nothing about when something happened."""
    return None if moment == LATEST else moment


def _moment(match: re.Match[str], time_of_day: time) -> datetime:
    """The time of a match. Raises ValueError for an impossible date or time."""
    clock = time.fromisoformat((match["time"] or time_of_day.isoformat()) + (match["zone"] or ""))
    day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    return datetime.combine(day, clock, tzinfo=clock.tzinfo or JST)


def items(value: Any, field: str) -> list[Mapping[str, Any]]:
    """A list of objects; null is empty."""
    if value is None:
        return []
    if not isinstance(value, list) or not {dict}.issuperset(map(type, value)):
        raise Unreadable(field, "must be a list of objects", value)
    return value
