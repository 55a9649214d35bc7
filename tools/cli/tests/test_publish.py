import json
from io import BytesIO

import pytest

from shopsync_cli.publishing.examples import example_of
from shopsync_cli.publishing.files import check, read_documents
from shopsync_contracts import TOPICS, parse, topic_of
from shopsync_contracts.events import BODIES
from shopsync_contracts.topics import PRODUCT_CHANGES, SYNC_COMMANDS


def sync_line(shop: str, **more) -> str:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"id-{shop}",
            "source": "/erp",
            "type": "jp.shopsync.sync.requested.v1",
            "subject": shop,
            "time": "2026-11-23T09:00:00+09:00",
            "data": {"shop_key": shop},
            **more,
        }
    )


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
    assert "3 messages are refused; nothing was sent" in ended.stderr
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


def pretty(shop: str, **more) -> str:
    return json.dumps(json.loads(sync_line(shop, **more)), indent=2, ensure_ascii=False)


FORMS = {
    "one document over lines": (pretty("a"), ["a"]),
    "one document in one line": (sync_line("a"), ["a"]),
    "JSON Lines": (f"{sync_line('a')}\n\n{sync_line('b')}\n", ["a", "b"]),
    "JSON Lines, Windows": (f"\ufeff{sync_line('a')}\r\n{sync_line('b')}\r\n", ["a", "b"]),
    "documents one after the other": (f"{pretty('a')}\n{pretty('b')}{sync_line('c')}\n", ["a", "b", "c"]),
    "an array over lines": (f"[\n{pretty('a')},\n{pretty('b')}\n]\n", ["a", "b"]),
    "an array in one line": (f"[{sync_line('a')}, {sync_line('b')}]", ["a", "b"]),
    "an array of one": (f" [{sync_line('a')}]", ["a"]),
    "arrays and documents": (f"[{sync_line('a')}]\n{pretty('b')}\n[\n]", ["a", "b"]),
    "a document after a mark": (f"\ufeff{pretty('a')}", ["a"]),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_file_is_read_as_its_documents_byte_by_byte(form):
    text, shops = FORMS[form]
    found = list(read_documents(BytesIO(text.encode())))
    assert [one.key for one in found] == [shop.encode() for shop in shops]
    assert all(one.value in text.encode() for one in found)
    assert all(not check(one, SYNC_COMMANDS) for one in found)


@pytest.mark.parametrize("text", ["", "\n\n", "[]", "[ ]\n", "\ufeff"])
def test_a_file_without_documents_has_none(text):
    assert list(read_documents(BytesIO(text.encode()))) == []


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (pretty("a").replace(",", "", 1), "the document", "not JSON: Expecting ',' delimiter: line 3 column 3"),
        (f"[\n{pretty('a')}\n{pretty('b')}\n]", "the document", "not JSON: Expecting ',' delimiter: line 13"),
        (f"[\n{pretty('a')},\n]", "the document", "not JSON: "),
        (f"[\n{pretty('a')},", "the document", "not JSON: "),
        (f"{pretty('a')}\n{pretty('b', data={'shop_key': 7})}", "document 2", "data.shop_key"),
        (f"[{sync_line('a')}, 7]", "document 2", "a JSON object is expected, not a number"),
        (f"[{sync_line('a')}, {{}}]", "document 2", "required attributes are missing"),
        (f"{sync_line('a')[:-1]}\n{sync_line('b')}", "line 1", "not JSON"),
        ("{broken\n{broken too", "line 1", "not JSON"),
        ("\ud83d", "line 1", "not UTF-8"),
        ("[" * 100_000, "line 1", "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_place(text, place, reason):
    found = read_documents(BytesIO(text.encode(errors="surrogatepass")))
    refused = [(one.place, why) for one in found if (why := check(one, SYNC_COMMANDS))]
    assert refused[0][0] == place
    assert reason in refused[0][1]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.TYPE)
async def test_what_events_example_prints_can_be_published(shopsync, body):
    example = (await shopsync("events", "example", body.TYPE)).stdout
    topic = topic_of(body).name
    ended = await shopsync("--kafka", "127.0.0.1:1", "publish", topic, "-", "--dry-run", stdin=example)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "1 message is fit" in ended.stdout


async def test_examples_one_after_the_other_go_out_as_they_are(shopsync, bus):
    first, second = pretty("a"), pretty("b")
    ended = await shopsync(*bus.options, "publish", "sync-commands", "-", stdin=f"{first}\n{second}\n")
    assert ended.exit_code == 0, ended.stderr
    records = await bus.read(SYNC_COMMANDS)
    assert {(record.key, record.value) for record in records} == {(b"a", first.encode()), (b"b", second.encode())}


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


async def test_an_unknown_type_is_told_with_the_nearest_ones(shopsync):
    near = await shopsync("events", "example", "product.change")
    assert near.exit_code == 2
    assert "'product.change' is no event type; nearest: product.changed" in near.stderr
    assert "known: product.changed, " in (await shopsync("events", "example", "qqq")).stderr


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


HIDDEN = "\x1b]0;owned\x07", "\\ud800", "\u202e", "\x9b"


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["table", "json"])
@pytest.mark.parametrize("hidden", HIDDEN, ids=ascii)
async def test_tail_shows_one_line_for_any_message(shopsync, bus, options, hidden):
    """A lone surrogate ended the command, line ends in a number made two lines, a name held terminal sequences."""
    named = json.dumps({"type": "x", "subject": "demo/A\nB", "data": {"name": hidden}}, ensure_ascii=False)
    value = named.replace("\\\\u", "\\u").encode()
    await bus.send(SYNC_COMMANDS, value, key=b"demo")
    await bus.send(SYNC_COMMANDS, sync_line("b").encode(), key=b"b")
    shown = await shopsync(*bus.options, "tail", "sync-commands", "--from-beginning", "--limit", "2", *options)
    assert shown.exit_code == 0, shown.stderr
    assert len(shown.stdout.splitlines()) == 2
    assert not set("\x1b\x07\u202e\x9b") & set(shown.stdout)


@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--wait",), ("--json",), ("--unchecked",)], ids=str)
@pytest.mark.parametrize("nothing", ["", "\n \n", "[]"], ids=repr)
async def test_nothing_to_publish_is_a_wrong_call(shopsync, options, nothing):
    """`… | shopsync publish tool-edits -` after a command that failed."""
    where = ("--kafka", "127.0.0.1:1", "--mongo", "mongodb://127.0.0.1:1")
    ended = await shopsync(*where, "publish", "tool-edits", "-", *options, stdin=nothing)
    assert ended.exit_code == 2
    assert "stdin holds no message" in ended.stderr
