from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from catalog.rules.sync_times import is_due, latest_slot
from shopsync_contracts.events import SyncSettings
from shopsync_contracts.times import JST

HOUR = timedelta(hours=1)


def tokyo(clock, day=23):
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=JST)


def test_rb7_manual_mode_has_no_timing():
    assert latest_slot(SyncSettings(mode="manual"), tokyo("12:00")) is None


@pytest.mark.parametrize(
    ("minutes", "now", "slot"),
    [
        (60, "12:34", "12:00"),
        (60, "12:00", "12:00"),
        (15, "12:34", "12:30"),
        (50, "23:59", "23:20"),
        (1440, "23:59", "0:00"),
    ],
)
def test_q3_auto_counts_intervals_from_midnight_in_tokyo(minutes, now, slot):
    settings = SyncSettings(mode="auto", interval_minutes=minutes)
    assert latest_slot(settings, tokyo(now).astimezone(ZoneInfo("UTC"))) == tokyo(slot)


@pytest.mark.parametrize(
    ("now", "slot", "day"), [("3:00", "3:00", 23), ("2:59", "15:30", 22), ("15:29", "3:00", 23), ("23:00", "15:30", 23)]
)
def test_scenario_52_scheduled_times_are_tokyos(now, slot, day):
    settings = SyncSettings(mode="scheduled", times=("03:00", "15:30"))
    assert latest_slot(settings, tokyo(now).astimezone(ZoneInfo("America/New_York"))) == tokyo(slot, day)


@pytest.mark.parametrize(
    ("set_at", "last", "now", "due"),
    [
        ("2:00", None, "3:00", True),
        ("3:01", None, "3:05", False),  # scenario 84: the first timing is the next one
        ("2:00", "3:00", "3:05", False),
        ("2:00", "2:30", "3:05", True),
        ("2:00", None, "4:00", True),
        ("2:00", None, "4:01", False),
    ],
)
def test_a_timing_is_acted_on_once_and_not_long_after(set_at, last, now, due):
    slot = tokyo("3:00")
    last_slot = None if last is None else tokyo(last)
    assert is_due(slot, now=tokyo(now), set_at=tokyo(set_at), last=last_slot, catch_up=HOUR) is due
