"""changed_only by update windows: what changed comes in, nothing is lost, no absence is concluded (DL-9)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import pytest

from shopsync_contracts.times import JST
from shopsync_contracts.topics import REPORTS
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess


def numbers_of(events):
    return sorted(event.data.product_no for event in events)


def windows_asked(world):
    """The update windows that the products were asked for since the journal was cleared, each once, in order."""
    asked = [parse_qs(entry.query) for entry in world.sandbox.journal.entries(kind="products")]
    pairs = [(one["updateDateStart"][0], one["updateDateEnd"][0]) for one in asked if "updateDateStart" in one]
    return list(dict.fromkeys(pairs))


def edit(world, count, name="新しい名前", first=0):
    numbers = [number for _, number in world.sandbox.shops["demo"].product_nos()][first : first + count]
    for number in numbers:
        world.sandbox.upsert(number, changes={"name": name})
    return numbers


async def checkpoint(world):
    return await world.database["checkpoints"].find_one({"_id": "demo"})


async def move_checkpoint(world, until):
    await world.database["checkpoints"].update_one({"_id": "demo"}, {"$set": {"taken_until": until}})
    return until


async def presence(world, **query):
    found = world.database["presence"].find({"shop_key": "demo", **query})
    return {one["product_no"]: one async for one in found}


async def test_only_what_changed_is_read_and_no_absence_is_concluded(world):
    async with world.ingestor():
        first = await world.imported("changed_only", "c1")
        assert first.enumeration.product_count == 450, "the first one reads everything"
        before = await presence(world)
        edited = edit(world, 3)
        world.sandbox.upsert("NEW-1", changes={"name": "新商品"})
        gone = world.sandbox.delete_some(40, seed=3)
        world.sandbox.journal.reset()
        report = await world.imported("changed_only", "c2")
    edited = [number for number in edited if number not in gone]
    told = await world.changes("product.changed", "c2")
    assert numbers_of(told) == sorted([*edited, "NEW-1"])
    assert {event.data.product.name for event in told} == {"新しい名前", "新商品"}
    assert all(sku.stock is not None for one in told if one.data.product.stock_managed for sku in one.data.product.skus)
    assert (report.enumeration, report.removals_held_back, report.counts.removed) == (None, False, 0)
    assert await world.changes("product.removed") == []
    # One page of what changed and one question for its stock, instead of the whole shop.
    assert world.sandbox.journal.counts["products"] == world.sandbox.journal.counts["inventory"] == 1
    after = await presence(world)
    assert after.keys() - before.keys() == {"NEW-1"}
    untouched = before.keys() - set(edited)
    assert {number: after[number] for number in untouched} == {number: before[number] for number in untouched}
    assert all(one["absent_since"] is None for one in after.values())


async def test_a_product_seen_in_a_window_is_present_again(world):
    async with world.ingestor():
        await world.imported("changed_only", "c1")
        gone = world.sandbox.delete_some(2, seed=3)
        await world.imported("enumerate", "c2")
        world.sandbox.recreate(gone[0])
        await world.imported("changed_only", "c3")
        absent = await presence(world, absent_since={"$ne": None})
        assert list(absent) == [gone[1]]
        report = await world.imported("enumerate", "c4")
    assert numbers_of(await world.changes("product.changed", "c3")) == [gone[0]]
    assert numbers_of(await world.changes("product.removed", "c4")) == [gone[1]]
    assert report.enumeration.product_count == 449


async def test_a_product_edited_while_the_import_runs_is_taken_by_the_next(world):
    async with world.ingestor():
        await world.imported("changed_only", "c1")
        edit(world, 150)
        world.sandbox.fail("slow", page=2, ms=1500)
        await world.command("changed_only", event_id="c2")

        async def first_page_is_taken():
            return await world.database["imports"].find_one({"request_id": "c2", "position.page": 1})

        await eventually(first_page_is_taken, what="the first page to be taken")
        [late] = edit(world, 1, name="あとから")
        report = await world.report("c2")
        assert report.counts.changed == 150
        await world.imported("changed_only", "c3")
    names = {event.data.product_no: event.data.product.name for event in await world.changes("product.changed", "c2")}
    assert names[late] == "新しい名前"
    names = {event.data.product_no: event.data.product.name for event in await world.changes("product.changed", "c3")}
    assert names[late] == "あとから"


async def test_a_lossy_listing_moves_no_checkpoint_though_the_import_is_killed_on_its_way(world, tmp_path):
    """Once the products that it lacked are noted as seen, nobody would find again that they were left out."""
    async with world.ingestor():
        await world.imported("changed_only", "c1")
    taken = await checkpoint(world)
    world.settings["full_read_every"] = "10ms"
    left_out = [number for _, number in world.sandbox.shops["demo"].product_nos()][120:123]
    world.sandbox.fail("omit", page=2, product_nos=left_out)
    service = ServiceProcess("ingestor", env=world.doomed("import_unlisted_noted"), folder=tmp_path)
    await service.start()
    await world.command("changed_only", event_id="c2")
    assert await service.exited(120) == -9
    noted = [one["product_no"] for one in (await presence(world, page=0)).values()]
    assert sorted(noted) == sorted(left_out), "it was killed after that and before anything else"
    async with world.ingestor("replica-0"):
        report = await world.report("c2")
        await world.finished("c2")
    assert (report.TYPE, report.counts.removed) == ("import.completed", 0)
    assert report.enumeration is not None
    assert await checkpoint(world) == taken


async def test_long_ago_is_read_in_windows_that_futureshop_takes(world):
    """The sandbox refuses more than 31 days, and counts both ends in."""
    world.settings["full_read_every"] = "4000d"
    since = datetime(2026, 2, 10, tzinfo=UTC)
    await world.database["checkpoints"].insert_one({"_id": "demo", "taken_until": since, "read_fully_at": since})
    async with world.ingestor():
        report = await world.imported("changed_only", "c1")
    expected = sorted(
        product.product_no
        for product in (world.sandbox.product(number) for _, number in world.sandbox.shops["demo"].product_nos())
        if product.updated_at >= since - timedelta(hours=1)
    )
    assert 50 < len(expected) < 450
    assert sorted(set(numbers_of(await world.changes("product.changed")))) == expected
    assert (report.TYPE, report.enumeration) == ("import.completed", None)
    asked = windows_asked(world)
    assert len(asked) >= 5
    assert asked[0][0] == "2026-02-10T08:00:00"
    assert all(earlier[1] == later[0] for earlier, later in pairwise(asked))
    # Presence knows them, though no complete listing was read.
    assert sorted(await presence(world)) == expected


async def test_the_checkpoint_stays_when_a_change_may_have_been_missed(world):
    async with world.ingestor():
        first = await world.imported("changed_only", "c1")
        start = (await checkpoint(world))["taken_until"]
        assert abs(start - first.started_at) < timedelta(milliseconds=1)
        edit(world, 250)
        faults: list[tuple[str, dict[str, Any]]] = [
            ("status", {"page": 2, "times": None}),
            ("failed", {"page": 2}),
            ("duplicate_page", {"page": 2}),
        ]
        for number, (kind, options) in enumerate(faults):
            world.sandbox.fail(kind, **options)
            await world.imported("changed_only", f"bad{number}")
            world.sandbox.faults.clear()
            assert (await checkpoint(world))["taken_until"] == start, kind
        # Enumerations read no contents.
        await world.imported("enumerate", "e1")
        assert (await checkpoint(world))["taken_until"] == start
        report = await world.imported("changed_only", "c2")
        moved = await checkpoint(world)
    assert report.counts.changed == 250
    assert abs(moved["taken_until"] - report.started_at) < timedelta(milliseconds=1)
    assert moved["read_fully_at"] == start, "windows are no complete listing"


async def test_a_listing_that_lost_a_product_leaves_the_checkpoint(world):
    """The second witness finds products that the listing lacked: their changes are not taken."""
    async with world.ingestor():
        await world.imported("overwrite_all", "c1")
        start = (await checkpoint(world))["taken_until"]
        world.sandbox.fail("short_page", page=2, keep=95, lose=True)
        report = await world.imported("overwrite_all", "c2")
        assert report.enumeration.product_count < 450
        assert (await checkpoint(world))["taken_until"] == start
        await world.imported("overwrite_all", "c3")
        assert (await checkpoint(world))["taken_until"] > start
    assert await world.changes("product.removed") == []


async def test_the_complete_listing_comes_again_when_it_is_old(world):
    """RA-5: an edit that moves no 更新日 shows there only."""
    async with world.ingestor():
        await world.imported("changed_only", "c1")
        number = edit(world, 1)[0]
        world.sandbox.upsert(number, touch=False, changes={"updated_at": "2025-12-01T00:00:00", "name": "静かな変更"})
        assert (await world.imported("changed_only", "c2")).counts.read == 0
        old = datetime.now(UTC) - timedelta(hours=24)
        await world.database["checkpoints"].update_one({"_id": "demo"}, {"$set": {"read_fully_at": old}})
        report = await world.imported("changed_only", "c3")
    assert (report.counts.read, report.enumeration.product_count) == (450, 450)
    names = {event.data.product_no: event.data.product.name for event in await world.changes("product.changed", "c3")}
    assert names[number] == "静かな変更"


async def test_a_pre_order_period_that_ends_is_noticed_though_no_update_time_moves(world):
    """PR-13: until then windows will do, after it the complete listing is read."""
    [number] = edit(world, 1)
    ends = datetime.now(JST) + timedelta(hours=1)
    world.sandbox.upsert(number, changes={"preorder": {"price": 900, "period_end": ends}})
    async with world.ingestor():
        await world.imported("changed_only", "c1")
        known = (await checkpoint(world))["next_switch_at"]
        assert known <= ends + timedelta(seconds=1)
        assert (await world.imported("changed_only", "c2")).enumeration is None
        past = datetime.now(UTC) - timedelta(seconds=1)
        await world.database["checkpoints"].update_one({"_id": "demo"}, {"$set": {"next_switch_at": past}})
        assert (await world.imported("changed_only", "c3")).counts.read == 450
        assert (await checkpoint(world))["next_switch_at"] == known


@pytest.mark.parametrize(
    ("point", "pages"),
    [("import_started", 6), ("import_page_published:2", 5), ("import_page_saved:3", 3), ("import_reported", 0)],
)
async def test_killed_in_the_windows_it_goes_on_at_its_page(world, tmp_path, point, pages):
    """kill -9: nothing that changed is lost, and the checkpoint does not move before all of it is taken."""
    async with world.ingestor():
        await world.imported("changed_only", "c1")
    edited = edit(world, 400)
    # Three windows, 1 + 1 + 4 pages. The generated products were all last updated before.
    since = await move_checkpoint(world, datetime.now(UTC).replace(microsecond=0) - timedelta(days=65))
    service = ServiceProcess("ingestor", env=world.doomed(point), folder=tmp_path)
    await service.start()
    await world.command("changed_only", event_id="c2")
    assert await service.exited(120) == -9
    assert (await checkpoint(world))["taken_until"] == since
    world.sandbox.journal.reset()
    again = ServiceProcess("ingestor", env=world.environment(), folder=tmp_path, name="again")
    await again.start()
    try:
        report = await world.report("c2")

        async def moved():
            return (await checkpoint(world))["taken_until"] != since

        await eventually(moved, what="the checkpoint to move")
    finally:
        await again.terminate()
    assert (report.TYPE, report.counts.changed, report.counts.read) == ("import.completed", 400, 400)
    changes = await world.changes("product.changed", "c2")
    assert sorted({event.data.product_no for event in changes}) == sorted(edited)
    assert len({event.id for event in changes}) == 400
    reports = [one for one in await world.events(REPORTS) if one.data.request_id == "c2"]
    assert len({one.id for one in reports}) == 1
    assert world.sandbox.journal.counts["products"] == pages, "it went on where it was"
    assert await world.changes("product.removed") == []
