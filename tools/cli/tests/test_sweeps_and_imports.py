"""`shopsync sweeps`, `shopsync imports`, and requests whose answers come in several reports."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ingestor.model import Counts, ImportRun
from ingestor.records.product_numbers import Listed
from ingestor.store import ImportStore, PresenceStore
from janitor.ids import enumerate_id
from janitor.model import Sweep
from janitor.store import SweepStore
from janitor.verdicts import Found, Removed
from shopsync_contracts import new_event, parse
from shopsync_contracts.events import (
    ImportCompleted,
    ImportCounts,
    ImportProgress,
    SweepCompleted,
    SyncCompleted,
)
from shopsync_contracts.topics import IMPORT_COMMANDS, REPORTS, SWEEP_COMMANDS
from shopsync_testkit.polling import eventually

NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)


async def command_on(bus, spec):
    async def found():
        return await bus.read(spec)

    [record] = await eventually(found, what=f"a command on {spec.name}")
    return parse(record.value, key=record.key, topic=spec)


async def report(bus, *bodies):
    for number, body in enumerate(bodies):
        event = new_event(body, source="/shopsync/test", id=f"{body.TYPE}-{number}", time=NOW)
        await bus.send(REPORTS, event.to_bytes(), key=event.key())


def imported(command, **more):
    members = {
        "shop_key": "demo",
        "import_id": "i-1",
        "mode": "changed_only",
        "request_id": command.id,
        "started_at": NOW,
        "completed_at": NOW,
        "duration_seconds": 2.5,
        "counts": ImportCounts(read=812),
        **more,
    }
    return ImportCompleted(**members)


def progress(command, **more):
    members = {"import_id": "i-1", "mode": "changed_only", "request_id": command.id, "at": NOW, "page": 2, "read": 500}
    return ImportProgress(shop_key="demo", **members, **more)


class TestWaiting:
    async def test_progress_is_no_answer(self, shopsync, bus):
        waiting = asyncio.create_task(shopsync(*bus.options, "import", "demo", "--mode", "changed-only", "--wait"))
        command = await command_on(bus, IMPORT_COMMANDS)
        await report(bus, progress(command), progress(command, expected=812), imported(command))
        ended = await waiting
        assert ended.exit_code == 0, ended.stderr
        assert "import.completed" in ended.stdout
        assert "import.progress" not in ended.stdout

    @pytest.mark.parametrize("refused", [None, "shop 'demo' has no settings"])
    async def test_then_sync_also_waits_for_the_report_of_the_sync(self, shopsync, bus, refused):
        """It may come in the same batch, or much later."""
        waiting = asyncio.create_task(
            shopsync(*bus.options, "import", "demo", "--mode", "changed-only", "--then-sync", "--wait", "--json")
        )
        command = await command_on(bus, IMPORT_COMMANDS)
        synced = SyncCompleted(
            shop_key="demo",
            sync_id="s",
            request_id="sync-1",
            reason="auto",
            started_at=NOW,
            completed_at=NOW,
            duration_seconds=0,
            refused_because=refused,
        )
        another = synced.model_copy(update={"request_id": "sync-0", "refused_because": "of another request"})
        await report(bus, imported(command, sync_request_id="sync-1"), another)
        assert not waiting.done()
        await report(bus, synced)
        ended = await waiting
        assert [event["data"].get("request_id") for event in ended.json()] == [command.id, "sync-1"]
        assert ended.exit_code == (1 if refused else 0)
        assert (refused or "") in ended.stderr

    async def test_an_import_whose_removals_are_held_back_says_what_helps(self, shopsync, bus):
        waiting = asyncio.create_task(shopsync(*bus.options, "import", "demo", "--mode", "enumerate", "--wait"))
        command = await command_on(bus, IMPORT_COMMANDS)
        await report(bus, imported(command, removals_held_back=True))
        ended = await waiting
        assert ended.exit_code == 0
        assert "shopsync imports confirm-shrink demo" in ended.stderr

    async def test_a_dry_sweep_says_so(self, shopsync, bus):
        waiting = asyncio.create_task(shopsync(*bus.options, "sweep", "--shop", "demo", "--dry-run", "--wait"))
        command = await command_on(bus, SWEEP_COMMANDS)
        assert command.data.dry_run
        await report(
            bus,
            SweepCompleted(
                shop_key="demo",
                sweep_id="s",
                request_id=command.id,
                started_at=NOW,
                completed_at=NOW,
                duration_seconds=0,
                dry_run=True,
            ),
        )
        ended = await waiting
        assert ended.exit_code == 0
        assert "nothing was deleted" in ended.stdout


def sweep(number, shop_key="demo", **members):
    asked = NOW + timedelta(days=number)
    return Sweep(f"s{number}-{shop_key}", shop_key, f"r{number}", asked, enumerate_id(f"s{number}", 1), **members)


@pytest.fixture
async def sweeps(tool):
    """Stored by the janitor's own code: judged, refused, dry run, and one that waits for its second try."""
    store = SweepStore(tool.database)
    judged, dry = (sweep(n, state="proven", enumeration_id="e1", dry_run=n == 3) for n in (1, 3))
    for one in (judged, dry):
        for product in (Removed("A", False, "e1"), Removed("B", True, "e1"), Removed("C", False, "e1")):
            one.classify(product, limit=10)
        one.end_classification(NOW)
    judged.judge({"A": Found(exists=False), "C": Found(exists=True)}, NOW + timedelta(days=1, minutes=2))
    judged.state = dry.state = "done"
    refused, waiting = sweep(2), sweep(4, attempt=2, not_before=NOW + timedelta(days=5))
    refused.refuse("the enumeration is held back", NOW)
    refused.state = "done"
    for one in (judged, refused, dry, waiting, sweep(5, "other")):
        await store.add(one)
        await store.save(one, 1)


class TestSweeps:
    async def test_the_list_has_the_newest_first(self, shopsync, tool, sweeps):
        ended = await shopsync(*tool.where, "sweeps", "list", "demo", "--json")
        assert ended.exit_code == 0, ended.stderr
        assert [one["id"] for one in ended.json()] == ["s4-demo", "s3-demo", "s2-demo", "s1-demo"]
        assert not {"token", "report", "verdicts", "_id"} & set(ended.json()[0])
        shown = (await shopsync(*tool.where, "sweeps", "list")).stdout
        lines = {line.split()[0]: line for line in shown.splitlines()}
        assert "waits for try 2" in lines["s4-demo"]
        assert "done (dry run)" in lines["s3-demo"]
        assert "the enumeration is held back" in lines["s2-demo"]
        assert lines["s1-demo"].split()[-5:-1] == ["1", "1", "1", "0"]
        assert "other" in lines["s5-other"]

    async def test_one_with_its_verdicts_by_id_beginning_or_request(self, shopsync, tool, sweeps):
        for name in ("s1-demo", "s1", "r1"):
            ended = await shopsync(*tool.where, "sweeps", "show", name)
            assert ended.exit_code == 0, ended.stderr
            rows = [line.split() for line in ended.stdout.splitlines()]
            assert ["A", "deleted"] in rows
            assert ["B", "kept_sync_enabled"] in rows
            assert ["C", "kept_present"] in rows
        [found] = [(await shopsync(*tool.where, "sweeps", "show", "s1", "--json")).json()]
        assert found["counts"] == {"deleted": 1, "kept_sync_enabled": 1, "kept_present": 1, "kept_unproven": 0}

    @pytest.mark.parametrize(("name", "words"), [("nix", "no sweep has an id"), ("s", "more than one sweep")])
    async def test_an_unknown_or_ambiguous_id(self, shopsync, tool, sweeps, name, words):
        ended = await shopsync(*tool.where, "sweeps", "show", name)
        assert ended.exit_code == 1
        assert words in ended.stderr
        assert "shopsync sweeps list" in ended.stderr


@pytest.fixture
async def shrunk(tool):
    """30 products are in the tool, the newest listing held 3 of them and was held back. Two of the missing are ON."""
    imports, presence = ImportStore(tool.database), PresenceStore(tool.database)
    numbers = [f"P-{n:02}" for n in range(30)]
    listed = [Listed(number, place, {}) for place, number in enumerate(numbers)]
    for number in numbers:
        await tool.imported(number, name=f"品{number}")
    for number in numbers[3:5]:
        await tool.switched(number, on=True)
    await presence.note_seen("demo", listed, import_id="i-0", page=1, at=NOW - timedelta(days=1))
    await presence.note_seen("demo", listed[:3], import_id="i-1", page=1, at=NOW + timedelta(seconds=2))
    run = ImportRun(
        id="i-1",
        shop_key="demo",
        mode="enumerate",
        then_sync=False,
        request_id="r-1",
        requested_at=NOW,
        state="finished",
        started_at=NOW,
        listed_at=NOW + timedelta(seconds=5),
        ended_at=NOW + timedelta(seconds=6),
        present_before=30,
        counts=Counts(read=3, distinct=3),
        held_back=True,
        unproven_because="27 of 30 products are missing",
    )
    await imports.add(run)
    await imports.save(run, 1)
    return run


class TestImports:
    async def test_list_and_show(self, shopsync, tool, shrunk):
        listed = await shopsync(*tool.where, "imports", "list", "demo", "--json")
        assert [one["id"] for one in listed.json()] == ["i-1"]
        assert "removals held back" in (await shopsync(*tool.where, "imports", "list")).stdout
        shown = await shopsync(*tool.where, "imports", "show", "r-1")
        assert "27 of 30 products are missing" in shown.stdout
        assert (await shopsync(*tool.where, "imports", "show", "i-1", "--json")).json()["counts"]["distinct"] == 3

    async def test_confirm_shrink_shows_the_loss_and_asks(self, shopsync, bus, tool, shrunk):
        options = (*bus.options, *tool.where)
        ended = await shopsync(*options, "imports", "confirm-shrink", "demo", stdin="n\n")
        assert ended.exit_code == 1
        assert "Missing: 27 products. Really gone" in ended.stdout
        for words in ("P-03", "品P-03", "the first 20"):
            assert words in ended.stdout
        assert "P-02" not in ended.stdout
        assert await bus.read(IMPORT_COMMANDS) == []
        ended = await shopsync(*options, "imports", "confirm-shrink", "demo", stdin="y\n")
        assert ended.exit_code == 0, ended.stderr
        command = await command_on(bus, IMPORT_COMMANDS)
        assert (command.data.mode, command.data.confirm_shrink_of) == ("enumerate", "i-1")

    async def test_the_loss_as_json(self, shopsync, bus, tool, shrunk):
        ended = await shopsync(*tool.where, "imports", "confirm-shrink", "demo", "--dry-run", "--json")
        loss = ended.json()
        assert (loss["missing"], loss["on"], loss["off"], loss["listed"], loss["present"]) == (27, 2, 25, 3, 30)
        assert len(loss["examples"]) == 20
        asked = await shopsync(*bus.options, *tool.where, "imports", "confirm-shrink", "demo", "--json")
        assert asked.exit_code == 2
        assert "--yes" in asked.stderr
        done = await shopsync(*bus.options, *tool.where, "imports", "confirm-shrink", "demo", "--json", "--yes")
        assert (await command_on(bus, IMPORT_COMMANDS)).id == done.json()["request_id"]

    async def test_nothing_is_confirmed_but_the_newest_listing(self, shopsync, tool, shrunk):
        """There is a newer, complete listing: what was missing before no longer matters."""
        newer = ImportRun(
            **{**_members(shrunk), "id": "i-2", "held_back": False, "listed_at": NOW + timedelta(hours=1)}
        )
        store = ImportStore(tool.database)
        await store.add(newer)
        await store.save(newer, 1)
        ended = await shopsync(*tool.where, "imports", "confirm-shrink", "demo", "--dry-run")
        assert ended.exit_code == 1
        assert "import i-2, held nothing back" in ended.stderr
        await tool.shop("new")
        ended = await shopsync(*tool.where, "imports", "confirm-shrink", "new", "--dry-run")
        assert ended.exit_code == 1
        assert "no finished listing" in ended.stderr


@pytest.mark.parametrize("command", [("imports", "list"), ("sweeps", "list"), ("imports", "confirm-shrink")])
async def test_a_shop_that_nobody_knows_is_an_error_and_no_empty_table(shopsync, tool, command):
    await tool.shop("demo")
    ended = await shopsync(*tool.where, *command, "dmo")
    assert ended.exit_code == 1
    assert "no shop 'dmo' in MongoDB; shops with settings: demo" in ended.stderr
    if command[1] == "list":
        known = await shopsync(*tool.where, *command, "demo")
        assert known.exit_code == 0, known.stderr


async def test_an_import_of_a_shop_without_settings_is_listed(shopsync, tool):
    run = ImportRun(id="i-1", shop_key="early", mode="enumerate", then_sync=False, request_id="r-1", requested_at=NOW)
    await ImportStore(tool.database).add(run)
    listed = await shopsync(*tool.where, "imports", "list", "early", "--json")
    assert [one["id"] for one in listed.json()] == ["i-1"]


def _members(run):
    return {name: getattr(run, name) for name in ImportRun.__dataclass_fields__}
