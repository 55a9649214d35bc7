from datetime import UTC, datetime
from typing import get_args

import pytest

from catalog.rules.sync import choose, commands
from shopsync_contracts import new_event
from shopsync_contracts.events import Status, SyncRequested, SyncSettings


@pytest.mark.parametrize("status", get_args(Status))
@pytest.mark.parametrize("enabled", [True, False])
def test_rb1_rb4_rb5_ly6_on_and_complete_goes_whatever_its_status(status, enabled):
    """Live, hidden, rejected, failed, without warehouse, unchanged: what TikTok needs is for the publisher to see."""
    expected = "sync_disabled" if not enabled else "incomplete" if status == "incomplete" else "commanded"
    assert choose({"sync_enabled": enabled, "status": status}) == expected


def test_a_product_that_is_not_there():
    assert choose(None) == "not_found"


def test_rb8_a_repeated_request_names_the_same_pushes_and_another_one_others():
    def ids(event_id):
        event = new_event(
            SyncRequested(shop_key="demo"), source="/t", id=event_id, time=datetime(2026, 1, 1, tzinfo=UTC)
        )
        return [id_ for id_, _ in commands(event, ["A", "B"])]

    assert ids("one") == ids("one")
    assert len({*ids("one"), *ids("two")}) == 4


def test_q3_rb6_the_interval_of_auto_is_a_setting_of_an_hour():
    assert SyncSettings(mode="auto").interval_minutes == 60
    assert SyncSettings(mode="auto", interval_minutes=15).interval_minutes == 15
    with pytest.raises(ValueError, match="interval_minutes"):
        SyncSettings(mode="auto", interval_minutes=0)
