from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from shopsync_contracts.times import JST
from shopsync_runtime.cron import CronExpression, slot_after, slot_at_or_before

SLOT = datetime(2026, 11, 23, 1, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("cron", "now", "slot"),
    [
        ("15 * * * *", SLOT, SLOT),
        ("15 * * * *", SLOT - timedelta(seconds=1), SLOT - HOUR),
        ("15 * * * *", SLOT + timedelta(minutes=59), SLOT),
        ("30 3 * * *", datetime(2026, 11, 22, 18, 30, tzinfo=UTC), datetime(2026, 11, 22, 18, 30, tzinfo=UTC)),
        ("30 3 * * *", datetime(2026, 11, 22, 18, 29, tzinfo=UTC), datetime(2026, 11, 21, 18, 30, tzinfo=UTC)),
    ],
)
def test_the_last_slot_in_japanese_time(cron, now, slot):
    assert slot_at_or_before(cron, now, JST) == slot
    assert slot_at_or_before(cron, now, JST).tzinfo is UTC


def test_the_next_slot_is_later_than_now():
    assert slot_after("15 * * * *", SLOT, JST) == SLOT + HOUR
    assert slot_after("15 * * * *", SLOT - timedelta(seconds=1), JST) == SLOT


@pytest.mark.parametrize("text", ["", "30 3", "61 3 * * *", "0 30 3 * * *", "@daily"])
def test_a_cron_expression_has_five_fields(text):
    with pytest.raises(ValidationError, match="five cron fields"):
        TypeAdapter(CronExpression).validate_python(text)
