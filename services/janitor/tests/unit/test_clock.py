"""The nightly hour, DL-3."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from janitor.clock import Schedule, due
from janitor.settings import JanitorSettings
from shopsync_runtime import SettingsError, load_settings

JST = ZoneInfo("Asia/Tokyo")


def jst(*parts):
    return datetime(2026, 11, *parts, tzinfo=JST)


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
    assert due(Schedule(), jst(24, 6, 29), jst(23, 3, 30)) == (SLOT, SLOT)
    assert due(Schedule(), jst(24, 6, 31), jst(23, 3, 30)) == (None, SLOT)


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
