import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from shopsync_contracts import TOPICS, ShopBody, new_event, parse
from shopsync_contracts.events import (
    ImportCompleted,
    ImportCounts,
    ImportFailed,
    ProductVerdict,
    SweepCompleted,
    SweepCounts,
    SyncCompleted,
    SyncCounts,
)
from shopsync_contracts.topics import IMPORT_COMMANDS, REPORTS, SHOP_SETTINGS, SWEEP_COMMANDS, SYNC_COMMANDS
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_testkit import kafka
from shopsync_testkit.polling import eventually

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


async def command_on(bus, spec):
    async def found():
        records = await bus.read(spec)
        assert len(records) == 1
        return records[0]

    record = await eventually(found, what=f"a command on {spec.name}")
    return parse(record.value, key=record.key, topic=spec)


async def report(bus, body: ShopBody) -> None:
    event = new_event(body, source="/shopsync/test", id=str(uuid4()), time=NOW)
    await bus.send(REPORTS, event.to_bytes(), key=event.key())


def imported(request_id: str | None, **more) -> ImportCompleted:
    return ImportCompleted(
        shop_key="demo",
        import_id="i-1",
        mode="changed_only",
        request_id=request_id,
        started_at=NOW,
        completed_at=NOW,
        duration_seconds=2.5,
        counts=ImportCounts(read=200, changed=12),
        **more,
    )


async def test_import_publishes_the_command_with_its_key(shopsync, bus):
    ended = await shopsync(*bus.options, "import", "demo", "--mode", "overwrite-all", "--then-sync")
    assert ended.exit_code == 0, ended.stderr
    [record] = await bus.read(IMPORT_COMMANDS)
    event = parse(record.value, key=record.key, topic=IMPORT_COMMANDS)
    assert record.key == b"demo"
    assert (event.data.mode, event.data.then_sync) == ("overwrite_all", True)
    assert event.id in ended.stdout


async def test_wait_ends_with_the_report_of_this_request_and_no_other(shopsync, bus):
    await report(bus, imported("an older request"))
    waiting = asyncio.create_task(
        shopsync(*bus.options, "import", "demo", "--mode", "changed-only", "--wait", "--timeout", "60")
    )
    command = await command_on(bus, IMPORT_COMMANDS)
    await report(bus, imported("another request"))
    await bus.send(REPORTS, b"not json", key=b"demo")
    assert not waiting.done()
    await report(bus, imported(command.id))
    ended = await waiting
    assert ended.exit_code == 0, ended.stderr
    assert command.id in ended.stdout
    assert "200" in ended.stdout
    assert "another request" not in ended.stdout


async def test_a_failed_import_is_exit_code_1_with_the_reason(shopsync, bus):
    waiting = asyncio.create_task(shopsync(*bus.options, "import", "nix", "--mode", "enumerate", "--wait"))
    command = await command_on(bus, IMPORT_COMMANDS)
    await report(
        bus,
        ImportFailed(
            shop_key="nix",
            mode="enumerate",
            request_id=command.id,
            started_at=NOW,
            failed_at=NOW,
            code="shop_unknown",
            message="no settings for shop 'nix'",
        ),
    )
    ended = await waiting
    assert ended.exit_code == 1
    assert "shop_unknown: no settings for shop 'nix'" in ended.stderr


async def test_a_sweep_waits_for_all_pages(shopsync, bus):
    waiting = asyncio.create_task(shopsync(*bus.options, "sweep", "--shop", "demo", "--wait", "--json"))
    command = await command_on(bus, SWEEP_COMMANDS)

    def page(number: int, product: str) -> SweepCompleted:
        return SweepCompleted(
            shop_key="demo",
            sweep_id="s-1",
            request_id=command.id,
            started_at=NOW,
            completed_at=NOW,
            duration_seconds=1,
            counts=SweepCounts(deleted=2),
            page=number,
            pages=2,
            verdicts=(ProductVerdict(product_no=product, verdict="deleted"),),
        )

    await report(bus, page(2, "B"))
    await report(bus, page(2, "B"))
    await report(bus, page(1, "A"))
    ended = await waiting
    assert ended.exit_code == 0, ended.stderr
    assert [p["data"]["verdicts"][0]["product_no"] for p in ended.json()] == ["A", "B"]


async def test_a_refused_sync_is_exit_code_1(shopsync, bus):
    waiting = asyncio.create_task(shopsync(*bus.options, "sync", "demo", "A-1", "A-2", "--wait"))
    command = await command_on(bus, SYNC_COMMANDS)
    assert command.data.product_nos == ("A-1", "A-2")
    await report(
        bus,
        SyncCompleted(
            shop_key="demo",
            sync_id=command.id,
            request_id=command.id,
            reason="manual",
            started_at=NOW,
            completed_at=NOW,
            duration_seconds=0,
            refused_because="shop 'demo' has no settings",
        ),
    )
    ended = await waiting
    assert ended.exit_code == 1
    assert "shop 'demo' has no settings" in ended.stderr


@pytest.mark.parametrize(
    ("products", "counts", "code"),
    [
        (("A-1",), {"requested": 1, "not_found": 1}, 1),
        (("A-1", "A-2"), {"requested": 2, "sync_disabled": 1, "incomplete": 1}, 1),
        (("A-1", "A-2"), {"requested": 2, "commanded": 1, "not_found": 1}, 0),
        ((), {"requested": 0}, 0),
        ((), {"requested": 2, "incomplete": 2}, 0),
    ],
)
async def test_a_sync_that_sends_none_of_the_named_products_is_exit_code_1(shopsync, bus, products, counts, code):
    waiting = asyncio.create_task(shopsync(*bus.options, "sync", "demo", *products, "--wait"))
    command = await command_on(bus, SYNC_COMMANDS)
    await report(
        bus,
        SyncCompleted(
            shop_key="demo",
            sync_id=command.id,
            request_id=command.id,
            reason="manual",
            started_at=NOW,
            completed_at=NOW,
            duration_seconds=0,
            counts=SyncCounts(**counts),
        ),
    )
    ended = await waiting
    assert ended.exit_code == code, ended.stderr
    assert ("products lack values and are not sent: `shopsync products --shop demo" in ended.stdout) is (
        counts.get("incomplete") == 2
    )
    assert ("1 push asked for; those still open: `shopsync pushes demo`" in ended.stdout) is ("commanded" in counts)
    for reason, count in counts.items():
        assert code == 0 or reason == "requested" or f"{count} {reason.replace('_', ' ')}" in ended.stderr


async def test_a_wait_is_bounded(shopsync, bus):
    ended = await shopsync(*bus.options, "sync", "demo", "--wait", "--timeout", "0.5")
    assert ended.exit_code == 1
    [record] = await bus.read(SYNC_COMMANDS)
    assert parse(record.value).id in ended.stderr


@pytest.mark.parametrize("shop", ["demo", "other", "gone"])
async def test_a_shop_without_settings_is_told_at_once_and_not_when_the_service_refuses(shopsync, bus, shop):
    await shopsync(*bus.options, "shops", "put", "demo")
    await shopsync(*bus.options, "shops", "put", "gone")
    await bus.send(SHOP_SETTINGS, None, key=b"gone")
    waiting = asyncio.create_task(shopsync(*bus.options, "sync", shop, "--wait", "--timeout", "60", "--json"))
    command = await command_on(bus, SYNC_COMMANDS)
    await report(
        bus,
        SyncCompleted(
            shop_key=shop,
            sync_id=command.id,
            request_id=command.id,
            reason="manual",
            started_at=NOW,
            completed_at=NOW,
            duration_seconds=0,
            counts=SyncCounts(),
        ),
    )
    ended = await waiting
    assert ended.exit_code == 0, ended.stderr
    told = f"shop '{shop}' has no settings: publish them with `shopsync shops put {shop}`"
    assert (told in ended.stderr) is (shop != "demo")


async def test_a_broker_that_dies_meanwhile_ends_in_one_line(shopsync, bus_at):
    async with kafka.broker("embedded") as broker:
        await apply_topics(KafkaConnection(broker.bootstrap_servers), "shopsync", TOPICS)
        bus = bus_at(broker.bootstrap_servers)
        await shopsync("--kafka", bus.bootstrap, "shops", "put", "demo")
        waiting = asyncio.create_task(shopsync("--kafka", bus.bootstrap, "sync", "demo", "--wait", "--timeout", "6"))
        await command_on(bus, SYNC_COMMANDS)
        await broker.kill()
        ended = await asyncio.wait_for(waiting, 120)
    assert ended.exit_code == 1
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith("shopsync: ")


@pytest.mark.parametrize("shop", ["", "a/b", "x" * 33])
async def test_a_wrong_shop_key_never_reaches_kafka(shopsync, shop):
    ended = await shopsync("--kafka", "127.0.0.1:1", "sync", shop)
    assert ended.exit_code == 2
    assert "shop_key" in ended.stderr
