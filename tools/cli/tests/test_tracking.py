"""What became of an edit, with a catalog process that applies it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shopsync_contracts import Event, new_event, parse
from shopsync_contracts.events import ProductEdited, ProductsBulkEdited
from shopsync_contracts.topics import DEAD_LETTERS, TOOL_EDITS
from shopsync_testkit.polling import eventually

NOW = datetime.now(UTC)


async def test_an_applied_edit_is_told_with_the_products_version(shop):
    await shop.imported("A-1")
    ended = await shop.run("edit", "demo", "A-1", "--set", "package_weight_g=300", "--wait", "--json")
    assert ended.exit_code == 0, ended.stderr
    [told] = ended.json()
    stored = await shop.database["products"].find_one({"_id": "demo/A-1"})
    assert (told["fate"], told["version"], told["status"]) == ("applied", stored["version"], stored["status"])
    assert (told["subject"], told["topic"]) == ("demo/A-1", TOOL_EDITS.full_name(shop.bus.prefix))
    table = await shop.run("edit", "demo", "A-1", "--set", "package_weight_g=400", "--wait")
    assert "applied" in table.stdout
    assert str(stored["version"] + 1) in table.stdout


async def test_an_edit_of_an_unknown_product_is_refused_with_exit_code_1(shop):
    for command in (("edit", "demo", "NO-SUCH", "--set", "price=1980"), ("target", "demo", "NO-SUCH", "on")):
        ended = await shop.run(*command, "--wait", "--json")
        assert ended.exit_code == 1
        [told] = ended.json()
        assert (told["fate"], told["error_type"]) == ("refused", "UnknownProduct")
        assert "import it first" in told["reason"]
        letters = [dict(letter.headers) for letter in await shop.bus.read(DEAD_LETTERS)]
        places = [(one["x-partition"].decode(), one["x-offset"].decode()) for one in letters]
        assert (str(told["partition"]), str(told["offset"])) in places
    assert (await shop.run("target", "demo", "NO-SUCH", "on")).exit_code == 0, "without --wait it is only published"


async def test_one_unknown_product_among_known_ones_is_told_by_name(shop):
    await shop.imported("A-1", "A-2")
    ended = await shop.run("target", "demo", "A-1", "NO-SUCH", "A-2", "on", "--wait", "--json")
    assert ended.exit_code == 1
    assert {one["subject"]: one["fate"] for one in ended.json()} == {
        "demo/A-1": "applied",
        "demo/NO-SUCH": "refused",
        "demo/A-2": "applied",
    }
    assert "1 refused" in ended.stderr


async def test_an_edit_that_no_catalog_reads_is_waiting(shop):
    await shop.imported("A-1")
    await shop.catalog.terminate()
    waiting = await shop.run("edit", "demo", "A-1", "--set", "price=1980", "--wait", "--timeout", "1", "--json")
    assert waiting.exit_code == 1
    [told] = waiting.json()
    assert told["fate"] == "waiting"
    assert f"{shop.bus.prefix}.catalog.products" in told["reason"]


async def test_an_edit_that_is_kept_until_its_product_comes_is_held(shop):
    """The catalog's state between holding a message and applying it, stored by the test."""
    await shop.imported("A-1")
    await shop.catalog.terminate()
    command = shop.run("edit", "demo", "LATER", "--set", "price=1980", "--wait", "--timeout", "15", "--json")
    running = asyncio.create_task(command)

    async def published() -> Any:
        return await shop.bus.read(TOOL_EDITS)

    [record] = await eventually(published, what="the edit")
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    await shop.database["held_messages"].insert_one({"_id": "one", "subject": "demo/LATER", **place})
    part = TopicPartition(record.topic, record.partition)
    async with AIOKafkaConsumer(
        bootstrap_servers=shop.bus.bootstrap, group_id=f"{shop.bus.prefix}.catalog.products", enable_auto_commit=False
    ) as group:
        group.assign([part])
        await group.commit({part: record.offset + 1})
    ended = await running
    assert ended.exit_code == 1
    assert [one["fate"] for one in ended.json()] == ["held"]
    assert "1 held" in ended.stderr


async def test_an_edit_that_a_newer_one_has_overtaken_says_so(shop):
    await shop.imported("A-1")
    newer = ProductEdited.model_validate(
        {
            "shop_key": "demo",
            "product_no": "A-1",
            "edited_at": datetime.now(UTC) + timedelta(minutes=2),
            "changes": {"package_weight_g": 500, "name": "新"},
        },
        strict=False,
    )
    await shop.send(newer)
    ended = await shop.run(
        "edit", "demo", "A-1", "--set", "package_weight_g=300", "--set", "name=旧", "--wait", "--json"
    )
    assert ended.exit_code == 0, ended.stderr
    [told] = ended.json()
    assert told["fate"] == "applied"
    assert told["reason"] == "name: a later edit stands; package_weight_g: a later edit stands"


async def test_a_bulk_edit_tells_the_verdict_on_every_product(shop):
    await shop.imported("A-1", "A-2")
    ended = await shop.run(
        "bulk-edit", "demo", "A-1", "NO-SUCH", "A-2", "--set", "brand_id=7000", "--on", "--wait", "--json"
    )
    assert ended.exit_code == 1
    told = {one["subject"]: one for one in ended.json()}
    assert {subject: one["fate"] for subject, one in told.items()} == {
        "demo/A-1": "applied",
        "demo/NO-SUCH": "refused",
        "demo/A-2": "applied",
    }
    assert "not in the catalogue" in told["demo/NO-SUCH"]["reason"]
    stored = await shop.database["products"].find_one({"_id": "demo/A-2"})
    assert (stored["content"]["brand_id"], stored["sync_enabled"]) == ("7000", True)
    assert told["demo/A-2"]["version"] == stored["version"]


async def test_a_bulk_edit_takes_a_file_and_a_selection(shop, tmp_path):
    await shop.imported("A-1", "A-2", "B-1")
    file = tmp_path / "numbers.txt"
    file.write_text("\ufeffA-1\r\n\r\nA-2\r\n", encoding="utf-8")
    assert (await shop.run("bulk-edit", "demo", "--file", str(file), "--on", "--wait")).exit_code == 0
    plan = await shop.run(
        "bulk-edit", "demo", "--keyword", "シャツ b", "--status", "incomplete", "--on", "--dry-run", "--json"
    )
    assert plan.exit_code == 0, plan.stderr
    assert plan.json()["products"] == ["B-1"]
    assert (await shop.database["products"].find_one({"_id": "demo/B-1"}))["sync_enabled"] is False
    piped = await shop.run("bulk-edit", "demo", "--file", "-", "--off", "--wait", "--json", stdin="A-1\n")
    assert [one["fate"] for one in piped.json()] == ["applied"]
    unknown = await shop.run("bulk-edit", "demo", "A-1", "X-9", "--off", "--dry-run")
    assert unknown.exit_code == 1
    assert "X-9" in unknown.stderr


async def test_a_product_number_of_a_file_ends_with_its_line_alone(bus, shopsync):
    """str.splitlines would make two numbers of it, of two other products."""
    numbers = "A\u2028B\r\nC\x0bD\n"
    ended = await shopsync(*bus.options, "bulk-edit", "demo", "--file", "-", "--on", stdin=numbers.encode())
    assert ended.exit_code == 0, ended.stderr
    (record,) = await bus.read(TOOL_EDITS)
    assert json.loads(record.value)["data"]["product_nos"] == ["A\u2028B", "C\x0bD"]


async def test_a_line_feed_in_a_product_number_is_published_and_told_in_one_line(bus, shopsync):
    """Decision 0028: it is accepted, and forges no line."""
    ended = await shopsync(*bus.options, "edit", "demo", "A-1\npublished", "--set", "name=x")
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.startswith("published jp.shopsync.product.edited.v1 for demo/A-1\\npublished, id ")
    (record,) = await bus.read(TOOL_EDITS)
    assert record.key == b"demo/A-1\npublished"
    assert parse(record.value, key=record.key, topic=TOOL_EDITS).data.product_no == "A-1\npublished"


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("demo", "--on"), "say which products"),
        (("demo", "A-1", "--keyword", "x", "--on"), "say which products"),
        (("demo", "A-1"), "nothing to change"),
        (("demo", "--file", "/no/such/file", "--on"), "cannot read /no/such/file"),
    ],
)
async def test_a_wrong_bulk_edit_is_refused_before_anything_is_sent(shopsync, args, reason):
    ended = await shopsync("--kafka", "127.0.0.1:1", "bulk-edit", *args)
    assert ended.exit_code == 2
    assert reason in ended.stderr


async def test_publish_tells_which_lines_were_refused(shop, tmp_path):
    await shop.imported("A-1")
    events: list[Event[Any]] = [
        new_event(
            ProductEdited.model_validate(
                {"shop_key": "demo", "product_no": number, "edited_at": NOW, "changes": {"brand_id": "7000"}},
                strict=False,
            ),
            source="/erp",
            id=f"erp-{number}",
            time=NOW,
        )
        for number in ("A-1", "NO-SUCH")
    ]
    body = {"shop_key": "demo", "edited_at": NOW, "product_nos": ["A-1", "X-9"], "changes": {"category_id": "600001"}}
    edit = ProductsBulkEdited.model_validate(body, strict=False)
    bulk = new_event(edit, source="/erp", id="erp-bulk", time=NOW)
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(event.to_bytes() for event in [*events, bulk]))
    ended = await shop.run("publish", "tool-edits", str(file), "--wait", "--json")
    assert ended.exit_code == 1
    assert [(one["id"], one["subject"], one["fate"]) for one in ended.json()] == [
        ("erp-A-1", "demo/A-1", "applied"),
        ("erp-NO-SUCH", "demo/NO-SUCH", "refused"),
        ("erp-bulk", "demo/A-1", "applied"),
        ("erp-bulk", "demo/X-9", "refused"),
    ]
    table = await shop.run("publish", "tool-edits", str(file), "--wait")
    assert "demo/NO-SUCH" in table.stdout
    assert "2 refused" in table.stderr


async def test_a_message_that_no_service_reads_is_handled_at_once(shop, tmp_path):
    """listing-events has a reader, push-commands has one that does not run here: it is `waiting`, not lost."""
    await shop.imported("A-1")
    file = tmp_path / "push.jsonl"
    example = (await shop.run("events", "example", "push.requested")).stdout
    file.write_text(json.dumps(json.loads(example)))
    ended = await shop.run("publish", "push-commands", str(file), "--wait", "--timeout", "1", "--json")
    assert ended.exit_code == 1
    assert ended.json()[0]["fate"] == "waiting"
    assert f"{shop.bus.prefix}.publisher.commands" in ended.json()[0]["reason"]


async def test_a_wrong_database_is_told_before_anything_is_published(shop):
    ended = await shop.run(
        "--mongo",
        "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200",
        "edit",
        "demo",
        "A-1",
        "--set",
        "price=1",
        "--wait",
    )
    assert ended.exit_code == 1
    assert "MongoDB is not reachable" in ended.stderr
    assert await shop.bus.read(TOOL_EDITS) == []
