"""Edits that cannot be taken, as bytes among good ones: through the runtime's protocol, on a real MongoDB."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from catalog.held_resolver import HeldMessageResolver
from shopsync_contracts.events import EditChanges, ProductsBulkEdited
from shopsync_contracts.topics import REPORTS
from shopsync_runtime import Leases
from shopsync_runtime.consuming.limit import DeadLetterLimit
from shopsync_runtime.consuming.process import process
from shopsync_runtime.delivery import decode


@dataclass
class Inbox:
    """Feeds records to the group "products" and keeps the dead letters. Everything published before is applied."""

    replica: Any
    resolver: HeldMessageResolver
    letters: list = field(default_factory=list)

    async def publish(self, letters):
        self.letters += letters

    async def take(self, records):
        items = [decode(record, spec) for record, spec in records]
        await process(items, handler=self.replica.handler, limit=DeadLetterLimit(100), publish=self.publish)
        await self.resolver.look()

    @property
    def reasons(self):
        return [(type(letter.error).__name__, str(letter.error)) for letter in self.letters]


class Passed:
    async def passed(self):
        return True


@pytest.fixture
def inbox(replica, database):
    async def barrier():
        return Passed()

    async def publish(letters):
        await box.publish(letters)

    resolver = HeldMessageResolver(
        replica.held,
        replica.updater,
        replica.bulk_edits,
        barrier=barrier,
        publish_letters=publish,
        leases=Leases(database, "catalog"),
    )
    box = Inbox(replica, resolver)
    return box


@pytest.fixture
def record_of(deliver):
    """`record_of(body)`: the record as Kafka brings it; `changes` are written into the JSON unchecked."""

    def make(body, changes=None):
        delivery = deliver(body)
        value = delivery.value
        if changes is not None:
            document = json.loads(value)
            document["data"]["changes"] = changes
            value = json.dumps(document).encode()
        record = ConsumerRecord(
            topic=delivery.topic,
            partition=0,
            offset=delivery.offset,
            timestamp=int(datetime.now(UTC).timestamp() * 1000),
            timestamp_type=0,
            key=delivery.key,
            value=value,
            checksum=None,
            serialized_key_size=len(delivery.key),
            serialized_value_size=len(value),
            headers=(),
        )
        return record, delivery.spec

    return make


UNREADABLE = [
    ({"colour": "red"}, ["changes.colour"]),
    ({"name": "あ" * 256}, ["changes.name", "255"]),
    ({"name": ""}, ["changes.name", "1"]),
    ({"images": [f"https://shop.example/{n}.jpg" for n in range(10)]}, ["changes.images", "9"]),
    ({"images": []}, ["changes.images", "1"]),
    ({"package_weight_g": 0}, ["changes.package_weight_g", "greater than or equal to 1", "0"]),
    ({"package_dimensions_cm": {"height": 0}}, ["package_dimensions_cm.height", "greater than or equal to 1", "0"]),
    ({"package_dimensions_cm": {"depth": 5}}, ["package_dimensions_cm.depth"]),
    ({"price": 0}, ["changes.price", "greater than or equal to 1", "0"]),
    ({"price": "3500"}, ["changes.price", "'3500'"]),
    ({"stock": [{"quantity": -1}]}, ["stock.0.quantity", "greater than or equal to 0", "-1"]),
    ({"stock": [{"quantity": 100_000}]}, ["stock.0.quantity", "less than or equal to 99999", "100000"]),
    ({"stock": [{"vertical_no": "0123456789", "quantity": 1}]}, ["stock.0.vertical_no", "9 bytes"]),
]


@pytest.mark.parametrize(("changes", "named"), UNREADABLE, ids=lambda value: str(value)[:40])
async def test_an_edit_out_of_limits_is_a_dead_letter_naming_field_and_limit_and_the_rest_goes_on(
    inbox, record_of, database, new_story, changes, named
):
    story, other = new_story(), new_story(product_no="B-2")
    bad, spec = record_of(story.edit(2), changes)
    await inbox.take(
        [
            record_of(story.change(0)),
            record_of(story.edit(1, category_id="before")),
            (bad, spec),
            record_of(story.edit(3, brand_id="after")),
            record_of(other.change(0)),
        ]
    )
    [letter] = inbox.letters
    assert (letter.offset, letter.key, letter.value) == (bad.offset, bad.key, bad.value)
    for part in named:
        assert part in str(letter.error), str(letter.error)
    document = await database["products"].find_one({"_id": "demo/A-1"})
    assert (document["content"]["category_id"], document["content"]["brand_id"]) == ("before", "after")
    assert document["content"]["name"] == "シャツ"
    assert await database["products"].count_documents({}) == 2
    assert await database["held_messages"].count_documents({}) == 0


async def test_im4_an_edit_of_an_unknown_product_is_a_dead_letter_and_the_rest_goes_on(
    inbox, record_of, database, new_story
):
    story, ghost = new_story(), new_story(product_no="ghost")
    await inbox.take(
        [
            record_of(ghost.edit(1, category_id="1")),
            record_of(ghost.target(True)),
            record_of(story.change(0)),
            record_of(story.edit(1, category_id="1")),
        ]
    )
    assert [kind for kind, _ in inbox.reasons] == ["UnknownProduct", "UnknownProduct"]
    assert all("demo/ghost is not in the catalogue" in reason for _, reason in inbox.reasons)
    assert [one["_id"] async for one in database["products"].find({"content.category_id": "1"})] == ["demo/A-1"]
    assert await database["products"].count_documents({}) == 1
    assert await database["held_messages"].count_documents({}) == 0


async def test_an_edit_of_an_unknown_sku_is_a_dead_letter_as_a_whole_and_the_rest_goes_on(
    inbox, record_of, database, new_story
):
    story = new_story()
    stock = [{"quantity": 3}, {"vertical_no": "XL", "horizontal_no": "赤", "quantity": 4}]
    await inbox.take(
        [
            record_of(story.change(0)),
            record_of(story.edit(1, brand_id="kept out too", stock=stock)),
            record_of(story.edit(2, category_id="1")),
        ]
    )
    [(kind, reason)] = inbox.reasons
    assert kind == "UnknownSku"
    assert "('XL', '赤')" in reason
    document = await database["products"].find_one()
    assert (document["content"]["category_id"], document["content"]["brand_id"]) == ("1", None)
    assert [sku["stock"] for sku in document["skus"]] == [10]


async def test_dl13_an_edit_of_the_deleted_product_is_a_dead_letter_when_it_is_back(
    inbox, record_of, database, new_story
):
    """Also when a crash comes between: it is on disk before the good edit behind it moves the product's offset."""
    story = new_story()
    await inbox.take([record_of(story.change(0)), record_of(story.removal(5)), record_of(story.deletion())])
    deleted_at = (await database["tombstones"].find_one())["deleted_at"]
    new = story.edit(0, category_id="new").model_copy(update={"edited_at": deleted_at + timedelta(seconds=1)})
    await inbox.take(
        [record_of(story.change(60, updated=60)), record_of(story.edit(1, brand_id="old")), record_of(new)]
    )
    [(kind, reason)] = inbox.reasons
    assert kind == "FormerLife"
    assert "before product demo/A-1 was registered in futureshop again" in reason
    document = await database["products"].find_one()
    assert (document["content"]["category_id"], document["content"]["brand_id"]) == ("new", None)


async def test_ed6_a_bulk_edit_reports_per_product_and_the_good_ones_go_on(inbox, record_of, replica, new_story):
    stories = [new_story(product_no=number) for number in ("plain", "sized")]
    skus = [{"vertical_no": "M", "stock": 1}]
    body = ProductsBulkEdited(
        shop_key="demo",
        edited_at=stories[0].edit(1).edited_at,
        product_nos=("plain", "ghost", "sized"),
        changes=EditChanges.model_validate({"stock": [{"vertical_no": "M", "quantity": 5}]}, strict=False),
    )
    await inbox.take([record_of(stories[0].change(0)), record_of(stories[1].change(0, skus=skus)), record_of(body)])
    [report] = replica.events.on(REPORTS)
    assert [(one.product_no, one.verdict) for one in report.verdicts] == [
        ("plain", "refused"),
        ("ghost", "refused"),
        ("sized", "accepted"),
    ]
    assert "('M', '')" in report.verdicts[0].reason
    assert "demo/ghost" in report.verdicts[1].reason
    assert inbox.letters == []
