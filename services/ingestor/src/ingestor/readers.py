"""Reading one value of a source record, forgiving in form (numbers as strings), strict in meaning."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

JST = ZoneInfo("Asia/Tokyo")
"""Zone of futureshop's stamps, which carry none."""

MAX_NUMBER = 999_999_999_999
"""Above any price or stock; also keeps the value inside 64 bits for whoever stores it."""

_TRUE = {True, "true", "1"}
_FALSE = {False, "false", "0"}
_FIRST_YEAR, _LAST_YEAR = 1970, 2999


class Unreadable(ValueError):
    """A value cannot be taken. The text names the source field, the problem and the value."""

    def __init__(self, field: str, problem: str, given: object = None) -> None:
        shown = "" if given is None else f" (given: {given!r:.60})"
        super().__init__(f"{field}: {problem}{shown}")


def at(record: Mapping[str, Any], steps: Sequence[str]) -> Any:
    """The value that the steps lead to, or None when there are none or one is missing, null or no object."""
    value: Any = record if steps else None
    for step in steps:
        if not isinstance(value, dict):  # what JSON gives; asking for a Mapping costs five times as much
            return None
        value = value.get(step)
    return value


def text(value: Any, field: str) -> str:
    """A string; numbers are written out. Null is ""."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise Unreadable(field, "must be a text", value)
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Unreadable(field, f"holds half a character at position {error.start}, which no UTF-8 can carry") from None
    return value


def whole(value: Any, field: str) -> int | None:
    """A whole number from 0; "1200" and 1200.0 are taken, null and "" are None."""
    if value is None or value == "":
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
    if isinstance(value, str) and len(value) <= 24:
        digits = value.strip()
        return int(digits) if digits.removeprefix("-").isascii() and digits.removeprefix("-").isdigit() else None
    return None


def flag(value: Any, field: str) -> bool | None:
    """A yes or no; "true", "1" and 1 are taken. Null is None."""
    if value is None:
        return None
    plain = value.lower() if isinstance(value, str) else value
    if isinstance(plain, bool | int | str):
        if plain in _TRUE:
            return True
        if plain in _FALSE:
            return False
    raise Unreadable(field, "must be true or false", value)


def stamp(value: Any, field: str) -> datetime | None:
    """A point in time; without offset it is Asia/Tokyo. Null and "" are None."""
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Unreadable(field, "must be a time such as 2026-11-22T18:30:00", value) from None
    if not _FIRST_YEAR < moment.year < _LAST_YEAR:
        raise Unreadable(field, f"the year must lie between {_FIRST_YEAR} and {_LAST_YEAR}", value)
    return moment if moment.tzinfo else moment.replace(tzinfo=JST)


def items(value: Any, field: str) -> list[Mapping[str, Any]]:
    """A list of objects; null is empty."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Unreadable(field, "must be a list of objects", value)
    return value
