"""Derived ids are those recorded here: an event sent again after an update must carry the id it had before."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from janitor.clock import Schedule
from janitor.ids import delete_id, enumerate_id, nightly_id, report_id, share_of, sweep_id_of

SWEEP = "f25746cd-e0b1-5fb4-aa55-1df72dae82d3"
SLOT = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("made", "recorded"),
    [
        (sweep_id_of("/shopsync/cli", "evt-1"), SWEEP),
        (nightly_id(SLOT, "demo"), "8eac2237-4a76-591b-b701-85f892c3defe"),
        (nightly_id(SLOT.astimezone(timezone(timedelta(hours=9))), "demo"), "8eac2237-4a76-591b-b701-85f892c3defe"),
        (nightly_id(Schedule().latest(SLOT + timedelta(hours=1)), "demo"), "8eac2237-4a76-591b-b701-85f892c3defe"),
        (enumerate_id(SWEEP, 1), "32ba8bba-7670-52e4-8388-c3992e68b2ca"),
        (enumerate_id(SWEEP, 12), "3951188a-aed7-569c-96d1-8a8e8bee6615"),
        (share_of("demo"), 0.1339884898421898),
        (share_of("店"), 0.17069007191354169),
        (delete_id(SWEEP, "A-100"), "47a73181-508d-5b69-8f93-95ce528602df"),
        (report_id(SWEEP, 1), "73463a64-b789-55f6-a5cc-9ea1b0053ff3"),
    ],
)
def test_recorded_ids(made, recorded):
    assert made == recorded
