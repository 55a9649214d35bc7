import json

import pytest

from shopsync_contracts import TOPICS, parse
from shopsync_contracts.events import BODIES
from shopsync_contracts.topics import PRODUCT_CHANGES, SYNC_COMMANDS
from shopsync_ops.examples import example_of


def sync_line(shop: str, **more) -> str:
    return json.dumps(
        {"specversion": "1.0", "id": f"id-{shop}", "source": "/erp", "type": "jp.shopsync.sync.requested.v1",
         "subject": shop, "time": "2026-11-23T09:00:00+09:00", "data": {"shop_key": shop}, **more}
    )  # fmt: skip


async def test_lines_go_out_as_they_are_keyed_by_their_subject(shopsync, bus, tmp_path):
    lines = [sync_line("a"), sync_line("b", unknown={"kept": True})]
    (tmp_path / "events.jsonl").write_text("\n".join([lines[0], "", lines[1]]) + "\n")
    ended = await shopsync(*bus.options, "publish", "sync-commands", str(tmp_path / "events.jsonl"))
    assert ended.exit_code == 0, ended.stderr
    assert "published 2 messages" in ended.stdout
    records = await bus.read(SYNC_COMMANDS)
    assert {(record.key, record.value) for record in records} == {
        (b"a", lines[0].encode()),
        (b"b", lines[1].encode()),
    }


async def test_one_bad_line_stops_them_all_and_is_named(shopsync, bus):
    lines = [sync_line("a"), "{broken", sync_line("b", data={"shop_key": 7}), sync_line("c", type="jp.shopsync.nix.v1")]
    ended = await shopsync(*bus.options, "publish", "sync-commands.v1", "-", stdin="\n".join(lines))
    assert ended.exit_code == 1
    assert "line 2: NotJson" in ended.stderr
    assert "line 3: WrongShape" in ended.stderr
    assert "shop_key" in ended.stderr
    assert "line 4: UnknownType" in ended.stderr
    assert "3 lines are refused; nothing was sent" in ended.stderr
    assert await bus.read(SYNC_COMMANDS) == []


async def test_unchecked_sends_what_is_broken(shopsync, bus):
    ended = await shopsync(
        *bus.options, "publish", "product-changes", "-", "--unchecked", stdin=f"{{broken\n{sync_line('a')}\n"
    )
    assert ended.exit_code == 0, ended.stderr
    assert {(r.key, r.value) for r in await bus.read(PRODUCT_CHANGES)} == {
        (None, b"{broken"),
        (b"a", sync_line("a").encode()),
    }


async def test_dry_run_sends_nothing(shopsync, bus):
    ended = await shopsync(*bus.options, "publish", "sync-commands", "-", "--dry-run", stdin=sync_line("a"))
    assert (ended.exit_code, await bus.read(SYNC_COMMANDS)) == (0, [])


async def test_an_unknown_topic_or_file_is_a_wrong_call(shopsync):
    unknown = await shopsync("--kafka", "127.0.0.1:1", "publish", "product-change", "-", stdin="")
    assert unknown.exit_code == 2
    assert "product-changes.v1" in unknown.stderr
    missing = await shopsync("--kafka", "127.0.0.1:1", "publish", "reports", "/nowhere/at.all")
    assert missing.exit_code == 2
    assert "/nowhere/at.all" in missing.stderr


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.TYPE)
async def test_every_type_has_an_example_that_can_be_published(shopsync, body):
    ended = await shopsync("events", "example", body.TYPE)
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.rstrip("\n") == example_of(body).rstrip("\n")
    assert type(parse(ended.stdout.encode()).data) is body


async def test_types_name_their_topics(shopsync):
    listed = (await shopsync("events", "types", "--json")).json()
    assert len(listed) == len(BODIES)
    assert {entry["topic"] for entry in listed} <= {spec.full_name("shopsync") for spec in TOPICS}


async def test_tail_shows_what_can_and_what_cannot_be_read(shopsync, bus):
    await bus.send(SYNC_COMMANDS, sync_line("a").encode(), key=b"a")
    await bus.send(SYNC_COMMANDS, sync_line("b").encode(), key=b"b")
    await bus.send(SYNC_COMMANDS, b"{broken [bold]", key=b"a", headers=[("h", None)])
    where = (*bus.options, "tail", "sync-commands", "--from-beginning", "--idle", "3")
    shown = await shopsync(*where)
    assert shown.exit_code == 0, shown.stderr
    assert len(shown.stdout.splitlines()) == 3
    assert "{broken [bold]" in shown.stdout
    one_shop = (await shopsync(*where, "--shop", "b", "--json", "--limit", "1")).stdout
    assert json.loads(one_shop)["value"]["subject"] == "b"
