import json
from datetime import UTC, datetime, timedelta

import pytest

from shopsync_contracts import EmptyValue, NotJson, WrongShape
from shopsync_contracts.topics import DEAD_LETTERS, PRODUCT_CHANGES, SYNC_COMMANDS
from shopsync_runtime.deadletters import DeadLetter, messages_of

FAILED_AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


async def put_aside(
    bus, spec, offset, *, key=b"demo/A-1", value=b"{broken", headers=(), error=None, failed_at=FAILED_AT
):
    """A dead letter, written by the code that the services use."""
    letter = DeadLetter(
        topic=spec.full_name(bus.prefix),
        partition=0,
        offset=offset,
        key=key,
        value=value,
        headers=tuple(headers),
        error=error or NotJson("not JSON"),
    )
    [message] = messages_of([letter], topic=DEAD_LETTERS.full_name(bus.prefix), service="catalog", failed_at=failed_at)
    return await bus.send(DEAD_LETTERS, message.value, key=message.key, headers=list(message.headers))


async def test_list_shows_where_from_and_why_and_filters(shopsync, bus):
    changed = json.dumps({"type": "jp.shopsync.product.changed.v1", "subject": "shop2/B"}).encode()
    await put_aside(bus, PRODUCT_CHANGES, 5)
    await put_aside(bus, PRODUCT_CHANGES, 6, key=None, value=changed, error=WrongShape("data.product: missing"))
    await put_aside(bus, SYNC_COMMANDS, 7, key=b"demo", value=b"\xff", failed_at=datetime(2026, 11, 20, tzinfo=UTC))

    async def places(*options: str) -> list[tuple[str, str]]:
        found = (await shopsync(*bus.options, "dead-letters", "list", "--json", *options)).json()
        return [(entry["topic"].removeprefix(f"{bus.prefix}."), entry["offset"]) for entry in found]

    assert await places() == [("sync-commands.v1", "7"), ("product-changes.v1", "5"), ("product-changes.v1", "6")]
    assert await places("--topic", "sync-commands") == [("sync-commands.v1", "7")]
    assert await places("--type", "product.changed") == [("product-changes.v1", "6")]
    assert await places("--error", "WrongShape") == [("product-changes.v1", "6")]
    assert await places("--shop", "shop2") == [("product-changes.v1", "6")]
    assert await places("--since", "2026-11-21") == [("product-changes.v1", "5"), ("product-changes.v1", "6")]
    table = (await shopsync(*bus.options, "dead-letters", "list")).stdout
    assert "WrongShape: data.product: missing" in table
    assert "3 dead letters" in table


async def test_show_gives_the_bytes_and_names_a_place_that_is_not_there(shopsync, bus):
    sent = await put_aside(bus, PRODUCT_CHANGES, 5, value="壊れた".encode(), headers=[("h", None)])
    shown = await shopsync(*bus.options, "dead-letters", "show", str(sent.partition), str(sent.offset))
    assert shown.exit_code == 0, shown.stderr
    assert "壊れた" in shown.stdout
    assert "NotJson" in shown.stdout
    missing = await shopsync(*bus.options, "dead-letters", "show", str(sent.partition), str(sent.offset + 9))
    assert missing.exit_code == 1
    assert f"has no offset {sent.offset + 9}" in missing.stderr


async def test_show_takes_the_place_as_list_shows_it(shopsync, bus):
    await put_aside(bus, PRODUCT_CHANGES, 5)
    [letter] = (await shopsync(*bus.options, "dead-letters", "list", "--json")).json()
    shown = await shopsync(*bus.options, "dead-letters", "show", letter["place"], "--json")
    assert shown.exit_code == 0, shown.stderr
    assert shown.json() == letter
    for wrong in (["x"], ["1:x"], ["1"], ["1", "-1"], ["1:2", "3"]):
        assert (await shopsync(*bus.options, "dead-letters", "show", *wrong)).exit_code == 2


async def test_a_record_that_was_put_aside_again_is_listed_once(shopsync, bus):
    """Its topic was read again: the newest letter is listed, --all shows both."""
    for minutes in (0, 5):
        for offset in (5, 6):
            at = FAILED_AT + timedelta(minutes=minutes)
            await put_aside(bus, PRODUCT_CHANGES, offset, key=b"demo/%d" % offset, failed_at=at)
    listed = (await shopsync(*bus.options, "dead-letters", "list", "--json")).json()
    assert [(one["offset"], one["failed_at"][14:16]) for one in listed] == [("5", "05"), ("6", "05")]
    every = (await shopsync(*bus.options, "dead-letters", "list", "--all", "--json")).json()
    assert [one["offset"] for one in every] == ["5", "6", "5", "6"]
    table = (await shopsync(*bus.options, "dead-letters", "list")).stdout
    assert "2 dead letters: 2 open" in table
    assert "2 more are of records that were put aside before" in table


@pytest.mark.parametrize("command", [("list",), ("redrive", "--dry-run")], ids=" ".join)
@pytest.mark.parametrize(
    ("option", "there"),
    [
        (("--type", "product.change"), "product.changed"),
        (("--topic", "product-change"), "product-changes.v1"),
        (("--error", "NotJSON"), "NotJson"),
        (("--shop", "dmeo"), "demo"),
    ],
    ids=str,
)
async def test_a_misspelt_filter_is_told_with_what_there_is(shopsync, bus, command, option, there):
    changed = json.dumps({"type": "jp.shopsync.product.changed.v1", "subject": "demo/A-1"}).encode()
    await put_aside(bus, PRODUCT_CHANGES, 5, value=changed)
    told = (await shopsync(*bus.options, "dead-letters", *command, *option)).stderr
    assert f"no dead letter has {option[0]} {option[1]}; there are: " in told
    assert there in told.partition("there are: ")[2]
    right = {"--type": "product.changed", "--topic": "product-changes", "--error": "NotJson", "--shop": "demo"}
    assert (
        "there are" not in (await shopsync(*bus.options, "dead-letters", *command, option[0], right[option[0]])).stderr
    )


@pytest.mark.reliability(19)
async def test_redrive_sends_the_same_bytes_back_and_the_dry_run_counts_the_same(shopsync, bus):
    """Dry-run counts equal run counts, and the order warning is shown (reliability test 19)."""
    value, headers = b"\x00\xffbytes", [("content-type", b"x"), ("null", None), ("raw", b"\xff\xfe")]
    for offset in (9, 7, 8):
        await put_aside(bus, PRODUCT_CHANGES, offset, value=value + str(offset).encode(), headers=headers)
    await put_aside(bus, SYNC_COMMANDS, 1, key=b"demo", value=None, error=EmptyValue("the value is empty"))

    dry = await shopsync(*bus.options, "dead-letters", "redrive", "--all", "--dry-run", "--json")
    assert dry.exit_code == 0, dry.stderr
    assert await bus.read(PRODUCT_CHANGES) == []
    run = await shopsync(*bus.options, "dead-letters", "redrive", "--all", "--json")
    assert run.exit_code == 0, run.stderr
    for ended in (dry, run):
        assert ended.stderr.startswith("order: ")
        assert ended.json()["to_send"] == {
            PRODUCT_CHANGES.full_name(bus.prefix): 3,
            SYNC_COMMANDS.full_name(bus.prefix): 1,
        }
    assert (dry.json()["sent"], run.json()["sent"]) == (0, 4)

    records = await bus.read(PRODUCT_CHANGES)
    assert [record.value for record in records] == [value + b"7", value + b"8", value + b"9"], "order of their origin"
    assert {record.key for record in records} == {b"demo/A-1"}
    for record in records:
        assert list(record.headers[:3]) == headers
        assert [name for name, _ in record.headers[3:]] == ["x-redriven-from"]
        assert record.headers[3][1].startswith(f"{DEAD_LETTERS.full_name(bus.prefix)}/".encode())
    [empty] = await bus.read(SYNC_COMMANDS)
    assert (empty.key, empty.value) == (b"demo", None)


async def test_the_default_partitioner_puts_a_key_where_it_was(shopsync, bus):
    first = await bus.send(PRODUCT_CHANGES, b"{broken", key="demo/商品-1".encode())
    await put_aside(bus, PRODUCT_CHANGES, first.offset, key="demo/商品-1".encode())
    await shopsync(*bus.options, "dead-letters", "redrive", "--all")
    assert {record.partition for record in await bus.read(PRODUCT_CHANGES)} == {first.partition}


@pytest.mark.reliability(19)
async def test_what_was_put_aside_twice_is_sent_once(shopsync, bus):
    """A crash before the commit writes the letter twice. One that failed again after a redrive replaces the first."""
    first = await put_aside(bus, PRODUCT_CHANGES, 5)
    await put_aside(bus, PRODUCT_CHANGES, 5)
    await put_aside(bus, PRODUCT_CHANGES, 6, value=b"other")
    place = f"{first.topic}/{first.partition}@{first.offset}".encode()
    await put_aside(bus, PRODUCT_CHANGES, 17, headers=[("x-redriven-from", place)])
    run = await shopsync(*bus.options, "dead-letters", "redrive", "--all", "--json")
    assert run.json()["sent"] == 2
    assert run.json()["left_out"] == {"redriven before and failed again: the newer letter counts": 2}


async def test_only_the_chosen_ones_are_sent(shopsync, bus):
    first = await put_aside(bus, PRODUCT_CHANGES, 5, value=b"first")
    await put_aside(bus, PRODUCT_CHANGES, 6, value=b"second")
    place = f"{first.partition}:{first.offset}"
    ended = await shopsync(*bus.options, "dead-letters", "redrive", place)
    assert ended.exit_code == 0, ended.stderr
    assert [record.value for record in await bus.read(PRODUCT_CHANGES)] == [b"first"]
    missing = await shopsync(*bus.options, "dead-letters", "redrive", place, f"{first.partition}:99", "--dry-run")
    assert missing.exit_code == 1


async def test_what_cannot_go_back_is_counted_with_its_reason(shopsync, bus):
    await bus.send(DEAD_LETTERS, b"no headers at all", key=b"k")
    await put_aside(bus, PRODUCT_CHANGES, 3, key=None, value=None)
    stranger = await bus.send(DEAD_LETTERS, b"v", key=b"k", headers=[("x-topic", b"elsewhere.topic")])
    assert stranger is not None
    ended = await shopsync(*bus.options, "dead-letters", "redrive", "--all", "--json")
    assert ended.json()["sent"] == 0
    assert sum(ended.json()["left_out"].values()) == 3
    assert "no x-topic header" in ended.json()["left_out"]
    assert "neither key nor value" in ended.json()["left_out"]


async def test_redrive_wants_to_be_told_which(shopsync):
    for args in ((), ("--all", "--shop", "demo"), ("0-3",)):
        ended = await shopsync("--kafka", "127.0.0.1:1", "dead-letters", "redrive", *args)
        assert ended.exit_code == 2, args


async def test_a_database_that_is_named_wrongly_is_told_and_not_done_without(shopsync, bus):
    ended = await shopsync(*bus.options, "--mongo", "mongo:27017", "dead-letters", "list")
    assert ended.exit_code == 2
    assert "SHOPSYNC_MONGO_URI" in ended.stderr
