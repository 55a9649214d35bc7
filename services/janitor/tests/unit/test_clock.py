"""The nightly hour, DL-3."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from janitor.clock import Schedule, due
from janitor.ids import nightly_id, share_of
from janitor.nights import overdue
from janitor.settings import JanitorSettings
from shopsync_contracts.times import JST
from shopsync_runtime import SettingsError, load_settings


def jst(day, hour, minute, second=0):
    return datetime(2026, 11, day, hour, minute, second, tzinfo=JST)


SLOT = jst(24, 3, 30)


def test_the_slot_is_half_past_three_in_tokyo():
    schedule = Schedule()
    assert schedule.latest(jst(24, 3, 29, 59)) == jst(23, 3, 30)
    assert schedule.latest(jst(24, 3, 30)) == SLOT
    assert schedule.latest(datetime(2026, 11, 23, 18, 30, 5, tzinfo=UTC)) == SLOT
    assert schedule.following(jst(24, 3, 30)) == jst(25, 3, 30)
    assert schedule.latest(SLOT).tzinfo is UTC


def test_a_slot_runs_once():
    assert due(Schedule(), SLOT, jst(23, 3, 30)) == (SLOT, SLOT)
    assert due(Schedule(), SLOT, SLOT) == (None, None)
    assert due(Schedule(), SLOT + timedelta(hours=5), SLOT) == (None, None)


def test_a_missed_slot_is_caught_up_within_the_night_only():
    """The night ends behind futureshop's maintenance, which may last until 07:00."""
    assert due(Schedule(), jst(24, 7, 29), jst(23, 3, 30)) == (SLOT, SLOT)
    assert due(Schedule(), jst(24, 7, 31), jst(23, 3, 30)) == (None, SLOT)


def test_days_missed_are_one_night_not_many():
    assert due(Schedule(), jst(24, 4, 0), jst(20, 3, 30)) == (SLOT, SLOT)


def test_a_clock_that_was_ahead_does_not_leave_out_the_nights_until_then():
    """It marked a slot of next year; set right, it goes on with the next night."""
    ahead = datetime(2027, 11, 24, 3, 30, tzinfo=JST)
    assert due(Schedule(), jst(23, 12, 0), ahead) == (None, jst(23, 3, 30))
    assert due(Schedule(), jst(24, 3, 31), ahead) == (SLOT, SLOT)


def test_a_clock_set_back_over_the_slot_runs_nothing_twice():
    """At 03:31 the slot was run; set back to 03:20 its mark is ahead, the night before is long over."""
    assert due(Schedule(), jst(24, 3, 20), SLOT) == (None, jst(23, 3, 30))
    assert due(Schedule(), SLOT, jst(23, 3, 30)) == (SLOT, SLOT)
    assert nightly_id(SLOT, "demo") == nightly_id(SLOT.astimezone(UTC), "demo"), "and the second time is the same sweep"


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Europe/Berlin"])
def test_every_night_of_the_year_has_a_slot(zone):
    """Japan has no summer time. Elsewhere the night that repeats an hour may sweep twice, none is left out."""
    schedule = Schedule("30 2 * * *", ZoneInfo(zone))
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    slots = {schedule.latest(start + timedelta(hours=n)) for n in range(24 * 365)}
    assert len({slot.astimezone(ZoneInfo(zone)).date() for slot in slots}) == 366
    assert len(slots) in ((366,) if zone == "Asia/Tokyo" else (366, 367))


def test_the_nights_that_are_over():
    schedule = Schedule()
    assert schedule.ended(jst(24, 7, 29), 1) == jst(23, 3, 30)
    assert schedule.ended(jst(24, 7, 31), 1) == SLOT
    assert schedule.ended(jst(24, 7, 31), 3) == jst(22, 3, 30)


@pytest.mark.parametrize(
    ("last", "first", "late"),
    [
        ({"a": jst(22, 3, 35)}, {}, []),
        ({"a": jst(21, 3, 35)}, {}, ["a"]),  # the nights to the 22nd, 23rd and 24th went by
        ({"a": jst(22, 3, 35), "b": jst(1, 4, 0)}, {}, ["b"]),
        ({}, {"a": jst(22, 3, 31)}, ["a"]),  # refused since its first night
        ({}, {"a": jst(23, 3, 31)}, []),
    ],
)
def test_three_nights_without_a_success_are_too_many(last, first, late):
    assert overdue(Schedule(), jst(24, 8, 0), 3, last, first) == late


def test_the_shops_of_a_night_begin_at_different_moments():
    shares = sorted(share_of(f"shop-{n}") for n in range(300))
    assert all(0 <= share < 1 for share in shares)
    assert max(later - earlier for earlier, later in pairwise(shares)) < 0.05
    assert share_of("demo") == share_of("demo")


def test_a_new_installation_does_not_begin_with_a_sweep():
    assert due(Schedule(), jst(24, 3, 31), None) == (None, SLOT)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("JANITOR_NIGHTLY_CRON", "30 3", "JANITOR_NIGHTLY_CRON: must be five cron fields"),
        ("JANITOR_NIGHTLY_CRON", "61 3 * * *", "JANITOR_NIGHTLY_CRON: must be five cron fields"),
        ("JANITOR_NIGHTLY_ZONE", "Asia/Nowhere", "JANITOR_NIGHTLY_ZONE: must be a time zone"),
        ("JANITOR_VERDICT_WAIT", "soon", "JANITOR_VERDICT_WAIT: a duration is expected"),
    ],
)
def test_wrong_settings_name_the_variable(monkeypatch, variable, value, words):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=words):
        load_settings(JanitorSettings)
