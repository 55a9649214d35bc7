"""Timestamps on the wire (RFC 3339 with offset, nothing else), the grain of stored times, and the time zone."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from shopsync_contracts.limits import FIRST_YEAR, LAST_YEAR, MAX_TIME

JST = ZoneInfo("Asia/Tokyo")
"""Zone of every time of day, and of futureshop's stamps, which carry none."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""Clocks of two machines may differ by so much. A timestamp further ahead is refused."""

_YEAR = "(?:19[0-9]{2}|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])"
_DATE = "-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_OFFSET = "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
# Python's $ also matches before a final newline, JSON Schema's does not.
PATTERN = f"^{_YEAR}{_DATE}{_CLOCK}{_OFFSET}$(?!\\n)"
"""Regular expression of a timestamp in the JSON Schemas. `format: date-time` checks that the day exists."""

_FORM = re.compile(f"[0-9]{{4}}{_DATE}{_CLOCK}{_OFFSET}")
_SECONDS = slice(17, 19)
_LONGEST = len("2026-11-23T09:00:01.123456")
_LONGEST_WITH_OFFSET = len("2026-11-23T09:00:01.123456+09:00")


def to_the_millisecond(moment: datetime) -> datetime:
    """The moment in UTC at MongoDB's grain: what is compared must equal what is read back."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    finer = utc.microsecond % 1000
    return utc.replace(microsecond=utc.microsecond - finer) if finer else utc


def read_time(value: Any) -> Any:
    """Validate a timestamp, given as text or as a datetime, and return the datetime with its offset.

    Decimals of a second beyond the sixth are cut. A leap second becomes the second after it. Raises
    PydanticCustomError.
    """
    if isinstance(value, str):
        return _in_range(_parsed(value))
    if isinstance(value, datetime):
        return _in_range(value)
    raise _malformed()


@lru_cache(maxsize=4096)
def _parsed(text: str) -> datetime:
    """The same few times stand in many messages: when a page was read, when a product was changed."""
    if len(text) > MAX_TIME:
        raise PydanticCustomError(
            "time_too_long",
            "should have at most {limit} characters, not {length}",
            {"limit": MAX_TIME, "length": len(text)},
        )
    if not _FORM.fullmatch(text):
        raise _malformed()
    if len(text) <= _LONGEST_WITH_OFFSET and text[-1] != "z" and text[_SECONDS] != "60":
        return _read_iso(text)  # as nearly all are written, in a third of the time
    leap = text[_SECONDS] == "60"
    upper = text.upper()
    moment, offset = (upper[:-1], "+00:00") if upper.endswith("Z") else (upper[:-6], upper[-6:])
    if leap:
        moment = f"{moment[: _SECONDS.start]}59{moment[_SECONDS.stop :]}"
    parsed = _read_iso(moment[:_LONGEST] + offset)
    return _after_leap_second(parsed) if leap else parsed


def _read_iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise PydanticCustomError(
            "no_such_day", "is no day of the calendar: {reason}", {"reason": str(error)}
        ) from None


def _after_leap_second(before: datetime) -> datetime:
    if not _year_is_allowed(before) or (at := before.astimezone(UTC)).hour != 23 or at.minute != 59:
        raise PydanticCustomError("no_leap_second", "second 60 is only at 23:59 UTC")
    return before + timedelta(seconds=1)


def _year_is_allowed(moment: datetime) -> bool:
    return FIRST_YEAR <= moment.year <= LAST_YEAR


def _in_range(moment: datetime) -> datetime:
    if not _year_is_allowed(moment):
        raise PydanticCustomError(
            "time_out_of_limits",
            "the year should be from {first} to {last}",
            {"first": FIRST_YEAR, "last": LAST_YEAR},
        )
    return moment


def _malformed() -> PydanticCustomError:
    return PydanticCustomError(
        "not_rfc3339", "should be a time in RFC 3339 with offset (timezone), such as 2026-11-23T09:00:01+09:00"
    )


Time = Annotated[
    AwareDatetime,
    BeforeValidator(read_time),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": PATTERN, "maxLength": MAX_TIME}),
]
"""RFC 3339 with offset, years 1900 to 9998. Bare numbers, dates and times without offset are refused."""
