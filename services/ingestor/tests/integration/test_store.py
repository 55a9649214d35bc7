from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from ingestor.identity import Listed
from ingestor.imports import ImportRun
from ingestor.store import ImportStore, PresenceStore
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
    assert asdict(await store.next_for("demo")) == asdict(run)
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
    assert first.id == "early"
    first.state, first.ended_at = "finished", NOW
    await store.save(first, token=1)
    assert (await store.next_for("demo")).id == "late"


async def test_presence_knows_repetitions_from_repeated_pages_and_from_products_registered_anew(database):
    store = PresenceStore(database)
    page = [Listed("A", 1, {}), Listed("B", 2, {})]
    see = {"import_id": "i1", "at": NOW}
    assert await store.note_seen("demo", page, page=1, **see) == 0
    assert await store.note_seen("demo", page, page=1, **see) == 0, "the same page after a crash"
    assert await store.note_seen("demo", page, page=2, **see) == 2, "the same products on another page"
    assert await store.note_seen("demo", [Listed("A", 9, {})], page=3, **see) == 0, "registered anew meanwhile"
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
