from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestor.model import ImportRun
from ingestor.records.product_numbers import Listed
from ingestor.store import CheckpointStore, ImportStore, PresenceStore
from ingestor.windows import Checkpoint, Interval
from shopsync_runtime import LeaseLost

NOW = datetime(2026, 11, 23, 1, 2, 3, 456000, tzinfo=UTC)


@pytest.fixture
def database(mongo_client, mongo_database):
    return mongo_client[mongo_database]


def a_run(**changes):
    members = {"id": "i1", "shop_key": "demo", "mode": "enumerate", "then_sync": False, "request_id": "r1"}
    return ImportRun(**{**members, "requested_at": NOW, **changes})


async def test_what_is_saved_is_read_back(database):
    store = ImportStore(database)
    await store.ensure_indexes()
    run = a_run()
    assert await store.add(run)
    assert not await store.add(a_run(mode="overwrite_all")), "a redelivered command changes nothing"
    run.state, run.started_at, run.position.page, run.counts.read = "reading", NOW, 3, 750
    run.refuse("A", "name: is missing")
    run.doubt(["page 2: …"] * 50)
    await store.save(run, token=1)
    read = await store.next_for("demo")
    assert read is not None
    assert asdict(read) == asdict(run)
    assert len(run.doubts) == 20


async def test_a_later_holder_of_the_lease_fences_the_earlier_one_off(database):
    store = ImportStore(database)
    run = a_run()
    await store.add(run)
    await store.save(run, token=2)
    with pytest.raises(LeaseLost):
        await store.save(run, token=1)


async def test_imports_of_a_shop_come_in_the_order_of_their_requests(database):
    store = ImportStore(database)
    await store.add(a_run(id="late", requested_at=NOW.replace(minute=5)))
    await store.add(a_run(id="early"))
    await store.add(a_run(id="first", shop_key="other", requested_at=NOW.replace(hour=0)))
    assert await store.shops_with_work() == ["other", "demo"]
    first = await store.next_for("demo")
    assert first is not None
    assert first.id == "early"
    first.state, first.ended_at = "finished", NOW
    await store.save(first, token=1)
    assert (await store.next_for("demo")).id == "late"


async def test_presence_knows_repetitions_from_repeated_pages_and_from_products_registered_again(database):
    store = PresenceStore(database)
    page = [Listed("A", 1, {}), Listed("B", 2, {})]
    see: dict[str, Any] = {"import_id": "i1", "at": NOW}
    assert await store.note_seen("demo", page, page=1, **see) == 0
    assert await store.note_seen("demo", page, page=1, **see) == 0, "the same page after a crash"
    assert await store.note_seen("demo", page, page=2, **see) == 2, "the same products on another page"
    assert await store.note_seen("demo", [Listed("A", 9, {})], page=3, **see) == 0, "registered again meanwhile"
    assert await store.note_seen("demo", [Listed("C", 3, {}), Listed("C", 3, {})], page=4, **see) == 1
    assert await store.note_seen("demo", [], page=5, **see) == 0


async def test_presence_of_one_shop_is_not_another_shops(database):
    """AU-3: keys that begin alike are told apart."""
    store = PresenceStore(database)
    for shop_key in ("demo", "demo0", "demo.x", "dem"):
        await store.note_seen(shop_key, [Listed("A", 1, {}), Listed("B", 2, {})], import_id="i1", page=1, at=NOW)
    assert await store.present("demo") == 2
    assert await store.missing("demo", "i2") == 2
    assert await store.unseen("demo", "i2", after="", limit=10) == ["A", "B"]
    assert await store.unseen("demo", "i2", after="A", limit=10) == ["B"]
    await store.mark_absent("demo", ["A"], at=NOW)
    assert (await store.present("demo"), await store.missing("demo", "i2")) == (1, 1)
    assert await store.unseen("demo", "i2", after="", limit=10) == ["A", "B"], "absent ones are proven again"
    assert await store.present("demo0") == 2


async def test_requests_that_are_equal_are_tied_to_the_one_that_runs(database):
    store = ImportStore(database)
    requests: list[dict[str, Any]] = [
        {"id": "runs"},
        {"id": "equal"},
        {"id": "syncs", "then_sync": True},
        {"id": "later", "requested_at": NOW.replace(minute=5)},
        {"id": "mode", "mode": "overwrite_all"},
        {"id": "shop", "shop_key": "other"},
        {"id": "confirms", "confirm_shrink_of": "i0"},
    ]
    for changes in requests:
        await store.add(a_run(**changes))
    run = a_run(id="runs", state="reading", started_at=NOW)
    await store.save(run, token=1)
    assert await store.tie_equals(run) == 2
    assert [each.id for each in await store.tied("runs", limit=10)] == ["equal", "syncs"]
    assert await store.any_tied_wants_sync("runs")
    assert (await store.next_for("demo")).id == "runs"
    run.state, run.ended_at = "finished", NOW
    await store.answered(run, await store.tied("runs", limit=10))
    assert await store.tied("runs", limit=10) == []
    assert await store.any_tied_wants_sync("runs"), "also when a crash came after the answers"
    await store.save(run, token=1)
    waiting = []
    while (each := await store.next_for("demo")) is not None:
        waiting.append(each.id)
        each.state, each.ended_at = "finished", NOW
        await store.save(each, token=1)
    assert waiting == ["confirms", "mode", "later"]
    expiring = database["imports"].find({"expires_at": {"$exists": True}})
    assert len([one async for one in expiring]) == 6


async def test_a_request_tied_to_an_import_that_is_over_is_run_by_itself(database):
    """A replica that had lost its lease tied it too late."""
    store = ImportStore(database)
    over = a_run(id="over", started_at=NOW, state="finished", ended_at=NOW)
    await store.add(a_run(id="over"))
    await store.save(over, token=1)
    await store.add(a_run(id="late"))
    assert await store.tie_equals(over) == 1
    found = await store.next_for("demo")
    assert (found.id, found.answered_by) == ("late", None)


async def test_the_running_import_comes_before_one_that_claims_to_be_older(database):
    """Clocks of replicas differ: two imports of a shop must not take turns."""
    store = ImportStore(database)
    await store.add(a_run(id="in-hand"))
    await store.save(a_run(id="in-hand", state="reading", started_at=NOW), token=1)
    await store.add(a_run(id="older", requested_at=NOW.replace(hour=0)))
    assert (await store.next_for("demo")).id == "in-hand"


async def test_the_newest_listing_is_a_complete_one(database):
    store = ImportStore(database)
    window = Interval(NOW, NOW)
    runs: list[dict[str, Any]] = [
        {"listed_at": NOW},
        {"listed_at": NOW.replace(hour=5), "interval": window},
        {"listed_at": None},
    ]
    for number, changes in enumerate(runs):
        run = a_run(id=f"i{number}", **changes)
        await store.add(run)
        run.state, run.ended_at = "finished", NOW
        await store.save(run, token=1)
    await store.add(a_run(id="running", listed_at=NOW.replace(hour=9), state="proving"))
    assert (await store.newest_listing("demo")).id == "i0"
    assert await store.newest_listing("other") is None


async def test_the_checkpoint_only_moves_forward(database):
    store = CheckpointStore(database)
    hours = [NOW.replace(hour=hour) for hour in range(5)]
    windows = {"interval": Interval(NOW, NOW), "mode": "changed_only"}
    await store.advance(a_run(started_at=hours[1], **windows))
    assert await store.get("demo") is None, "without a complete listing there is nothing to start from"
    await store.advance(a_run(started_at=hours[2]))
    await store.advance(a_run(started_at=hours[4], **windows))
    await store.advance(a_run(started_at=hours[3]))
    await store.advance(a_run(started_at=hours[1]))
    assert await store.get("demo") == Checkpoint(hours[4], hours[3])
    for switch, known in [(hours[3], hours[3]), (hours[4], hours[3]), (None, hours[3]), (hours[2], hours[2])]:
        await store.advance(a_run(started_at=hours[4], next_switch_at=switch, **windows))
        assert (await store.get("demo")).next_switch_at == known, "the soonest counts"
    await store.advance(a_run(started_at=hours[1], next_switch_at=hours[0]))
    assert (await store.get("demo")).next_switch_at == hours[2]
    await store.advance(a_run(started_at=hours[4]))
    assert await store.get("demo") == Checkpoint(hours[4], hours[4]), "a complete listing knows them all"
    assert await store.get("other") is None


async def test_presence_that_nobody_needs_any_more_is_forgotten(database):
    """DL-6: what the catalog still has is proven absent again at every listing, however long ago it went."""
    store = PresenceStore(database)
    long_ago, limit = NOW.replace(month=8), NOW.replace(month=9)
    numbers = [f"P{number}" for number in range(9)]
    await store.note_seen("demo", [Listed(each, 1, {}) for each in numbers], import_id="i1", page=1, at=NOW)
    await store.note_seen("other", [Listed("P0", 1, {})], import_id="i1", page=1, at=NOW)
    await store.mark_absent("demo", ["P0", "P1", "P2", "P3", "P4"], at=long_ago)
    await store.mark_absent("demo", ["P5"], at=NOW)
    await store.mark_absent("other", ["P0"], at=long_ago)
    await database["products"].insert_many([{"_id": "demo/P1"}, {"_id": "demo/P7"}, {"_id": "other/P0"}])
    found: list[tuple[str | None, int]] = []
    after: str | None = ""
    while after is not None:
        after, dropped = await store.forget("demo", absent_before=limit, after=after, limit=2)
        found.append((after, dropped))
    assert found == [("P1", 1), ("P3", 2), ("P4", 1), (None, 0)]
    left = {document["_id"] async for document in database["presence"].find({})}
    assert left == {"demo/P1", "demo/P5", "demo/P6", "demo/P7", "demo/P8", "other/P0"}


async def test_what_is_missing_counts_by_when_it_was_seen_and_not_by_whom(database):
    store = PresenceStore(database)
    before, since, after = (NOW + timedelta(minutes=minute) for minute in (0, 1, 2))
    for number, import_id, at in (
        ("OLD", "first", before),
        ("CONFIRMED", "confirmed", since),
        ("FAILED", "failed", after),
        ("HERE", "now", after),
        ("GONE", "confirmed", since),
    ):
        await store.note_seen("demo", [Listed(number, 1, {})], import_id=import_id, page=1, at=at)
    await store.mark_absent("demo", ["GONE"], at=after)
    assert await store.missing("demo", "now") == 3
    assert await store.missing("demo", "now", seen_since=since) == 2


async def test_a_window_is_no_listing(database):
    store = PresenceStore(database)
    await store.note_seen("demo", [Listed("A", 1, {}), Listed("B", 2, {})], import_id="i1", page=1, at=NOW)
    await store.mark_absent("demo", ["A"], at=NOW)
    seen: dict[str, Any] = {"import_id": "i2/0", "at": NOW, "window": True}
    assert await store.note_seen("demo", [Listed("A", 1, {}), Listed("C", 3, {})], page=1, **seen) == 0
    assert await store.note_seen("demo", [Listed("A", 1, {})], page=2, **seen) == 1, "a page that comes again"
    assert await store.present("demo") == 3
    assert await store.missing("demo", "i1") == 1, "who listed A and B last is left as it was"
    assert await store.unseen("demo", "i1", after="", limit=9) == ["C"]
