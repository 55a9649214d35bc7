"""Derived ids are those recorded here: an event sent again after an update must carry the id it had before."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ingestor.ids import changed_id, import_id_of, removed_id, report_id, scheduled_id, sync_id
from ingestor.importing.import_schedule import CronTimes, ImportSchedule

IMPORT = "d98b2bee-c8a1-5686-b52d-434995f9c91b"


@pytest.mark.parametrize(
    ("made", "recorded"),
    [
        (import_id_of("/shopsync/cli", "evt-1"), IMPORT),
        (import_id_of("", ""), "a0150444-4aca-5409-b7fe-a3b1b7268eeb"),
        (changed_id(IMPORT, "A-100", ""), "cd757bfe-a2cf-5c5a-935b-d3eaad59b548"),
        (changed_id(f"{IMPORT}/3", "商品-1", "4711"), "7505cd38-bda4-5029-913d-5837ffb914a8"),
        (removed_id(IMPORT, "A-100"), "a47c6555-e495-5220-ae4d-70d9be3740ac"),
        (report_id(IMPORT), "c2d5d933-ce2c-5154-8d7f-5c6b96ca451f"),
        (sync_id(IMPORT), "11b26908-39a2-53f4-b1da-3f6e990e5953"),
        (scheduled_id("2026-11-23T18:00:00+00:00", "demo"), "3ac4e15a-993d-5f2f-80ac-4eba80a462be"),
    ],
)
def test_recorded_ids(made, recorded):
    assert made == recorded


async def test_the_clocks_requests_have_the_recorded_id():
    sent = []

    async def with_settings(shop_keys):
        return shop_keys

    async def claim_slot(name, slot):
        return (name, slot) == ("import-schedule", "2026-11-23T18:00:00+00:00")

    async def publish_all(events):
        sent.extend(id_ for _, id_ in events)

    imports: Any = SimpleNamespace(with_settings=with_settings)
    leases: Any = SimpleNamespace(claim_slot=claim_slot)
    events: Any = SimpleNamespace(event=lambda _, **named: named["id"], publish_all=publish_all)
    schedule = ImportSchedule(
        CronTimes("0 3 * * *", timedelta(hours=1)),
        lambda: ["demo"],
        imports,
        leases,
        events,
        clock=lambda: datetime(2026, 11, 23, 18, 30, tzinfo=UTC),
    )
    await schedule.look()
    assert sent == ["3ac4e15a-993d-5f2f-80ac-4eba80a462be"]
