"""Derived ids are those recorded here: an event sent again after an update must carry the id it had before."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from catalog.rules.bulk import fan_out, reports
from catalog.rules.sync import Tally, commands, report
from catalog.store.shops import TimedShop
from catalog.sync_scheduler import SyncScheduler
from shopsync_contracts import new_event
from shopsync_contracts.derived import catalog_id
from shopsync_contracts.events import (
    REPORT_PAGE,
    EditChanges,
    EditVerdict,
    ProductsBulkEdited,
    SyncRequested,
    SyncSettings,
)

NOW = datetime(2026, 11, 23, 18, 40, tzinfo=UTC)


def event(body):
    return new_event(body, source="/t", id="evt-1", time=NOW)


def bulk_edit():
    changes = EditChanges(package_weight_g=300)
    return event(
        ProductsBulkEdited(shop_key="demo", product_nos=("A-100",), edited_at=NOW, changes=changes, sync_enabled=True)
    )


@pytest.mark.parametrize(
    ("made", "recorded"),
    [
        (catalog_id("demo/A-100", "product.snapshot", "7"), "7dcddd11-ba66-5fa2-bb05-1a3b2fb949c5"),
        (catalog_id("x"), "6f2b46d1-dbee-5a85-85ea-bf93699dffcc"),
    ],
)
def test_recorded_ids(made, recorded):
    assert made == recorded


def test_recorded_ids_of_a_sync():
    request = event(SyncRequested(shop_key="demo"))
    assert [id_ for id_, _ in commands(request, ["A-100", "商品-1"])] == [
        "fd4a8e67-66e7-5efc-8b81-fcd1af20ab9b",
        "2bac6cd5-31df-5aec-888b-08fc4281ce59",
    ]
    told, _ = report(request, Tally().counts(), started_at=NOW, completed_at=NOW)
    assert told == "1024fefa-05ef-52d2-86fd-f88e479607b3"


def test_recorded_ids_of_a_bulk_edit():
    assert [id_ for id_, _ in fan_out(bulk_edit(), {"A-100": set()}).edits] == [
        "47f417e6-3517-5571-a17d-6cfa92bdec96",
        "1b9d741e-638f-5c95-94aa-65a331c66dd8",
    ]
    verdicts = [EditVerdict(product_no=f"A-{n}", verdict="accepted") for n in range(REPORT_PAGE + 1)]
    assert [id_ for id_, _ in reports(bulk_edit(), verdicts, NOW)] == [
        "c3f0ec1f-5b73-5e07-9541-f54df5141ea1",
        "635dc509-dfda-5672-95cf-f43720504452",
    ]


@pytest.mark.parametrize(
    ("sync", "recorded"),
    [
        (SyncSettings(mode="auto", interval_minutes=30), "f70f5bed-0560-5970-b60a-4b304324d67f"),
        (SyncSettings(mode="scheduled", times=("03:30",)), "7f8e8333-9c02-5a32-a04b-2739eadf6643"),
    ],
)
async def test_the_clocks_requests_have_the_recorded_id(sync, recorded):
    """The id holds the slot as it is written in Asia/Tokyo."""
    sent = []

    async def timed():
        return [TimedShop(shop_key="demo", sync=sync, set_at=NOW - timedelta(days=1), last_slot=None)]

    async def mark_slot_done(_shop_key, _slot): ...

    async def publish(_spec, id_):
        sent.append(id_)

    shops: Any = SimpleNamespace(timed_shops=timed, mark_slot_done=mark_slot_done)
    events: Any = SimpleNamespace(event=lambda _, **named: named["id"], publish=publish)
    no_leases: Any = None
    held: Any = SimpleNamespace(check=lambda: None)
    scheduler = SyncScheduler(
        shops,
        events,
        no_leases,
        clock=lambda: NOW,
        tick=timedelta(seconds=1),
        catch_up=timedelta(hours=1),
    )
    await scheduler.look(held)
    assert sent == [recorded]
