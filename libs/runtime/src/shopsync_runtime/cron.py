"""Cron expressions, and their slots in a time zone."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import AfterValidator


def slot_at_or_before(cron: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The last slot at or before `now` (aware), in UTC."""
    # croniter's get_prev is exclusive, so start a second later.
    start = now.astimezone(zone) + timedelta(seconds=1)
    slot: datetime = croniter(cron, start).get_prev(datetime)
    return slot.astimezone(UTC)


def slot_after(cron: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The first slot after `now` (aware), in UTC."""
    slot: datetime = croniter(cron, now.astimezone(zone)).get_next(datetime)
    return slot.astimezone(UTC)


def _five_fields(value: str) -> str:
    if len(value.split()) != 5 or not croniter.is_valid(value):
        raise ValueError('must be five cron fields such as "30 3 * * *"')
    return value


CronExpression = Annotated[str, AfterValidator(_five_fields)]
"""Minute, hour, day, month and weekday."""
