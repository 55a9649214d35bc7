"""連携設定: when 自動連携 and 任意の時間に連携 are due, in Asia/Tokyo (RB-1, RB-7, Q3)."""

from datetime import datetime, time, timedelta
from typing import Final

from shopsync_contracts.events import SyncSettings
from shopsync_contracts.times import JST

_DAY: Final = timedelta(days=1)


def latest_slot(sync: SyncSettings, now: datetime) -> datetime | None:
    """The last scheduled time that is not after `now` (aware); None in manual mode, which has no schedule."""
    local = now.astimezone(JST)
    match sync.mode:
        case "manual":
            return None
        case "auto":
            return _interval_start(local, sync.interval_minutes)
        case "scheduled":
            return _last_time_of_day(local, sync.times)


def _interval_start(local: datetime, minutes: int) -> datetime:
    """Intervals are counted from midnight, so a restart does not move them. The last one of a day may be shorter."""
    midnight = datetime.combine(local.date(), time(), JST)
    return midnight + (local - midnight) // timedelta(minutes=minutes) * timedelta(minutes=minutes)


def _last_time_of_day(local: datetime, times: tuple[str, ...]) -> datetime:
    days = (local.date(), local.date() - _DAY)
    slots = [datetime.combine(day, time.fromisoformat(one), JST) for day in days for one in times]
    return max(slot for slot in slots if slot <= local)


def is_due(slot: datetime, *, now: datetime, set_at: datetime, last: datetime | None, catch_up: timedelta) -> bool:
    """Whether to act on this time: it is not before the settings were saved, not done yet and not missed long ago."""
    return slot >= set_at and (last is None or slot > last) and now - slot <= catch_up
