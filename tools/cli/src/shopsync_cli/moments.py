"""The operator's clock, and times as operators write them."""

import re
from datetime import UTC, datetime, timedelta

from shopsync_cli.errors import WrongCall
from shopsync_contracts.times import JST

_AGO = re.compile(r"(?P<number>\d+)(?P<unit>[smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def now() -> datetime:
    """Aware."""
    return datetime.now(UTC)


def read_moment(text: str, *, now: datetime, option: str) -> datetime:
    """`2h` (ago), or a date or time in ISO 8601; without offset it is Asia/Tokyo. Aware, UTC.

    Raises WrongCall, which names the option that it is given for.
    """
    if match := _AGO.fullmatch(text.strip()):
        return now.astimezone(UTC) - timedelta(**{_UNITS[match["unit"]]: int(match["number"])})
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        forms = "30m, 2h, 7d, 2026-11-23 or 2026-11-23T09:00+09:00"
        raise WrongCall(f"{option} {text!r} is no moment; write {forms}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=JST)).astimezone(UTC)
