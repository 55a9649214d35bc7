"""What an older version stored and sent is read by this one, and what the next one may add is passed over.

`golden/` holds documents of every collection and messages of every topic, as services of `OLDER` wrote them
(`record_golden.py`).
"""

import ast
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bson.codec_options import CodecOptions
from bson.json_util import RELAXED_JSON_OPTIONS, loads

from catalog.rules.merge import ReceivedMessage, fold
from catalog.rules.model import Rules
from catalog.store.documents import product_document, tombstone_document
from catalog.store.products import ProductStore, Stored, prepare
from catalog.store.read_documents import read_product, read_tombstone
from janitor.store import SweepStore
from publisher.model import Later
from publisher.store import Authorizations, Jobs, Listings
from publisher.store.listing_documents import listing_of, pushed_fields
from shopsync_contracts import TOPICS, new_event, parse
from shopsync_contracts.events import ProductSnapshot, SyncTargetSet
from shopsync_readmodel.runs.imports import newest_imports
from shopsync_readmodel.runs.sweeps import newest_sweeps
from shopsync_readmodel.shops.overview import read_shops
from shopsync_readmodel.shops.pushes import read_pushes
from shopsync_readmodel.stored.held import read_held
from shopsync_readmodel.stored.layers import read_layers
from shopsync_readmodel.token_keys import read_keys

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("golden")
_OPTIONS = RELAXED_JSON_OPTIONS.with_options(tz_aware=True, tzinfo=UTC)
DOCUMENTS = loads((GOLDEN / "documents.json").read_text(encoding="utf-8"), json_options=_OPTIONS)
MESSAGES = json.loads((GOLDEN / "messages.json").read_text(encoding="utf-8"))
SPECS = {spec.name: spec for spec in TOPICS}
LATER = {"added_by_a_later_version": {"x": [1]}}
NOW = datetime.now(UTC)

WRITTEN_AS_A_WHOLE = {
    "products": "what a visible change writes; members must be made again from the layers (docs/upgrade.md)",
    "tombstones": "made once of a product; the next deletion makes another",
    "held_messages": "never changed",
    "images": "a cache",
}
"""Collections whose documents some code replaces: there a member of a later version is lost."""


def with_more(value):
    """The same with an unknown member in every object."""
    if isinstance(value, dict):
        return {**{name: with_more(one) for name, one in value.items()}, **LATER}
    return [with_more(one) for one in value] if isinstance(value, list) else value


def messages():
    return [
        pytest.param(SPECS[name], one["key"].encode() or None, one["value"], id=f"{name}-{number}")
        for name, some in MESSAGES.items()
        for number, one in enumerate(some)
        if name in SPECS and SPECS[name].types and one["value"] is not None
    ]


def test_every_collection_and_topic_is_recorded():
    roles = json.loads((ROOT / "deploy" / "mongo" / "roles.json").read_text(encoding="utf-8"))["users"]
    owned = {name for user in roles for name in user.get("owns", ())}
    views, unseen = {"authorization_states"}, {"publisher_leases", "app_troubles"}
    newer = {"accounts", "sessions", "bulk_reports", "tiktok_taxonomies"}
    assert owned - views - unseen - newer <= {name for name, some in DOCUMENTS.items() if some}
    assert set(MESSAGES) <= set(SPECS)
    assert len(MESSAGES) >= 12


@pytest.mark.reliability(18)
@pytest.mark.parametrize(("spec", "key", "document"), messages())
def test_a_message_of_the_older_version_is_read_and_what_a_later_one_adds_is_passed_over(spec, key, document):
    value = json.dumps(document).encode()
    event = parse(value, key=key, topic=spec)
    assert parse(event.to_bytes(), key=key, topic=spec) == event
    more = parse(
        json.dumps({**document, "data": {**document["data"], **LATER}, "later": "x"}).encode(), key=key, topic=spec
    )
    assert (more.id, type(more.data)) == (event.id, type(event.data))


@pytest.mark.reliability(18)
@pytest.mark.parametrize("document", DOCUMENTS["products"], ids=lambda one: one["_id"])
def test_a_product_is_read_and_written_as_it_was(document):
    state = read_product(document)
    again = product_document(state, revision=document["revision"], writer=document["writer"])
    assert {name: again[name] for name in document} == document
    assert ProductSnapshot.from_document(document).product_no == document["product_no"]
    assert read_layers(document).upstream.product is not None


@pytest.mark.parametrize("document", DOCUMENTS["tombstones"], ids=lambda one: one["_id"])
def test_a_tombstone_is_read_and_written_as_it_was(document):
    again = tombstone_document(read_tombstone(document))
    assert {name: again[name] for name in document} == document


@pytest.mark.reliability(18)
@pytest.mark.parametrize("document", DOCUMENTS["listings"], ids=lambda one: one["_id"])
def test_a_listing_is_read_and_written_as_it_was(document):
    again = pushed_fields(listing_of(document))
    assert again == {name: document.get(name) for name in again}
    assert listing_of(with_more(document)) == listing_of(document)


@pytest.fixture
async def stored(mongo_client, mongo_database):
    """All golden documents with members of a later version at the top, as a database."""
    database = mongo_client.get_database(mongo_database, codec_options=CodecOptions(tz_aware=True))
    for name, documents in DOCUMENTS.items():
        if documents:
            await database[name].insert_many([{**one, **LATER} for one in documents])
    await Authorizations(database).ensure_view()
    return database


@pytest.mark.reliability(18)
async def test_all_readers_take_documents_with_members_that_they_do_not_know(stored):
    ids = [one["_id"] for one in DOCUMENTS["products"]]
    assert set(await ProductStore(stored).load(ids)) == set(ids)
    assert len(await newest_imports(stored, None, 9)) == len(DOCUMENTS["imports"])
    assert len(await newest_sweeps(stored, None, 9)) == len(DOCUMENTS["sweeps"])
    assert [one.settings is not None for one in await read_shops(stored, NOW)] == [True]
    assert (await read_pushes(stored, None, None, 9, NOW))[1] == len(DOCUMENTS["push_jobs"])
    assert len((await read_keys(stored)).keys) == 1
    assert read_held((await stored["held_messages"].find_one()), "NOT-YET").event_type is not None
    shop = DOCUMENTS["authorizations"][0]["_id"]
    assert (await Authorizations(stored).get(shop)).shop_key == shop
    assert await SweepStore(stored).shops_with_work(NOW) == []


@pytest.mark.reliability(18)
async def test_what_this_version_writes_keeps_what_a_later_one_has_added(stored):
    """A push job claimed and put off, a listing due again, a product changed beneath the surface."""
    jobs, listings = Jobs(stored), Listings(stored)
    before = NOW - timedelta(hours=1)
    await stored["push_jobs"].update_many({}, {"$set": {"due_at": before, "lease_until": before}})
    shop = DOCUMENTS["push_jobs"][0]["shop_key"]
    job = await jobs.claim(shop, owner="me/1", now=NOW, lease=timedelta(minutes=1))
    assert job is not None
    await jobs.reschedule(job, Later(NOW, attempts=1), NOW)
    known = await listings.get(DOCUMENTS["listings"][0]["_id"])
    assert known is not None
    await listings.record_push(known, [], review_due_at=NOW, now=NOW)
    for name in ("push_jobs", "listings"):
        assert [one["added_by_a_later_version"] for one in await stored[name].find().to_list()] == [{"x": [1]}] * len(
            DOCUMENTS[name]
        )


@pytest.mark.parametrize("is_visible", [False, True])
async def test_a_product_keeps_it_until_it_changes_visibly(stored, is_visible):
    """The layers hold everything else: the later version makes its member again when the product changes there."""
    store, document = ProductStore(stored), DOCUMENTS["products"][0]
    [read] = (await store.load([document["_id"]])).values()
    named = {"shop_key": document["shop_key"], "product_no": document["product_no"]}
    body = SyncTargetSet(**named, sync_enabled=document["sync_enabled"] is not is_visible)
    message = ReceivedMessage(new_event(body, source="/t", id="1", time=NOW), "t", 0, 1, NOW)
    folded = fold(read.state, [message], Rules(), NOW)
    write = prepare(document["_id"], Stored(read.state, read.revision), folded.state, "w")
    assert await store.write([write], "w") == set()
    after = await stored["products"].find_one({"_id": document["_id"]})
    assert ("added_by_a_later_version" in after) is not is_visible


def test_only_these_collections_are_written_as_whole_documents():
    """Everything else is changed member by member, which leaves alone what a later version has added."""
    found = set()
    for file in ROOT.glob("services/*/src/**/*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
            if name in {"ReplaceOne", "replace_one", "find_one_and_replace"}:
                found.add(file.name)
    assert found == {"products.py", "held_messages.py", "image_cache.py"}, f"known: {WRITTEN_AS_A_WHOLE}"
