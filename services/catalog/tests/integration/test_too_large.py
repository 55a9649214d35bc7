"""What would make a product too large is refused by name before anything is stored; what is stored already is read."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from catalog.held_resolver import HeldMessageResolver
from catalog.store.held_messages import HeldMessages
from shopsync_contracts import parse
from shopsync_contracts.events import ProductSnapshot
from shopsync_contracts.topics import CATALOG_PRODUCTS
from shopsync_runtime import Leases


class Passed:
    async def passed(self):
        return True


@pytest.fixture
def letters():
    return []


@pytest.fixture
def resolver(replica, database, letters):
    async def barrier():
        return Passed()

    async def publish(new):
        letters.extend(new)

    return HeldMessageResolver(
        replica.held,
        replica.updater,
        replica.bulk_edits,
        barrier=barrier,
        publish_letters=publish,
        leases=Leases(database, "catalog"),
    )


@pytest.fixture
def small_topic(monkeypatch):
    """Stands for any way in which a product could still grow beyond what its topic takes."""
    monkeypatch.setattr(
        "catalog.store.sizes.CATALOG_PRODUCTS", replace(CATALOG_PRODUCTS, max_message_bytes=8 * 1024 + 2_000)
    )


async def test_a_message_that_makes_a_product_too_large_stores_nothing_and_is_a_dead_letter(
    replica, resolver, letters, deliver, database, new_story, small_topic
):
    story, other = new_story(), new_story(product_no="B-2")
    first, edit, later = (
        deliver(story.change(0)),
        deliver(story.edit(1, description="長" * 900)),
        story.edit(2, brand_id="7"),
    )
    new = deliver(other.change(0, description="長" * 900))
    assert await replica.handler([first, edit, new, deliver(later)]) == []
    # On disk before its partition moves on: no crash loses the dead letter.
    assert await database["held_messages"].count_documents({}) == 2
    await resolver.look()

    reasons = {(letter.offset, letter.value): f"{letter.error_type}: {letter.error}" for letter in letters}
    assert set(reasons) == {(edit.offset, edit.value), (new.offset, new.value)}
    for reason in reasons.values():
        assert reason.startswith("OutOfLimits: the snapshot of product demo/")
        assert f"takes {8 * 1024 + 2_000}; the largest member is description with 2700 bytes" in reason
    assert await database["held_messages"].count_documents({}) == 0
    [document] = await database["products"].find().to_list()
    assert (document["_id"], document["content"]["brand_id"]) == ("demo/A-1", "7")
    assert [one["field"] for one in document["edits"]] == []
    assert {one.product_no for one in replica.events.snapshots()} == {"A-1"}
    assert all(one.content.description == "<p>綿</p>" for one in replica.events.snapshots())
    # Redelivered after a crash, they end as they did.
    await replica.handler([first, edit, new])
    await resolver.look()
    assert (await database["products"].find().to_list())[0]["content"] == document["content"]


async def test_a_product_stored_before_the_limits_goes_on(replica, deliver, database, new_story):
    """Its values stay as they are, until futureshop or the merchant replaces them; everything else is done to it."""
    story = new_story()
    await replica.handler([deliver(story.change(0))])
    far = {"description": "x" * 1_500_000, "images": ["https://a.example/1.jpg"] * 500, "name": "n" * 3_000}
    await database["products"].update_one(
        {},
        {
            "$set": {
                **{f"content.{name}": value for name, value in far.items()},
                **{f"upstream.product.{name}": value for name, value in far.items()},
                "upstream.product.regular_price": 10**12,
                "content.price": 10**12,
                "skus.0.price": 10**12,
                "skus.0.stock": 10**10,
                "stock.0.imported": 10**10,
                "content.package_weight_g": 10**12,
                "tool": [{"field": "package_weight_g", "value": 10**12, "at": datetime(2026, 11, 23, tzinfo=UTC)}],
            }
        },
    )
    assert (
        await replica.handler([deliver(story.target(True), time=story.now), deliver(story.edit(3, brand_id="7"))]) == []
    )
    document = await database["products"].find_one()
    snapshot = ProductSnapshot.from_document(document)
    assert (snapshot.sync_enabled, snapshot.content.brand_id) == (True, "7")
    assert (len(snapshot.content.description), len(snapshot.content.images), snapshot.content.price) == (
        1_500_000,
        500,
        10**12,
    )
    assert (snapshot.skus[0].stock, snapshot.content.package_weight_g) == (10**10, 10**12)
    assert replica.events.snapshots()[-1] == snapshot

    corrected = story.edit(9, package_weight_g=300, stock=[{"quantity": 3}])
    await replica.handler([deliver(story.change(9, updated=9)), deliver(corrected)])
    event = replica.events.published[-1][1]
    assert parse(event.to_bytes(), topic=CATALOG_PRODUCTS).data.content.description == "<p>綿</p>"


async def test_a_held_message_that_the_contract_refuses_now_is_a_dead_letter(
    replica, resolver, letters, deliver, database, new_story
):
    ghost = deliver(new_story(product_no="ghost").edit(1, price=5))
    await replica.held.hold([ghost], datetime.now(UTC))
    old = ghost.value.replace(b'"price":5', b'"price":1000000000000')
    await database["held_messages"].update_one({}, {"$set": {"value": old}})
    assert await replica.held.about(["demo/ghost"]) == []
    await resolver.look()
    [letter] = letters
    assert (letter.value, letter.offset, letter.error_type) == (old, ghost.offset, "WrongShape")
    assert "changes.price: Input should be less than or equal to 999999999" in str(letter.error)
    assert await HeldMessages.oldest(replica.held, 1) == []
