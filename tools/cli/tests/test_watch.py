"""`shopsync watch`: the numbers of lag and read model, and what it does when a side is away."""

import asyncio
import contextlib
import itertools
import json
import os
import pty
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.store.products import ProductStore
from shopsync_cli.errors import Unreachable
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.lag import GroupLag, PartitionLag
from shopsync_cli.settings import MongoSettings
from shopsync_cli.watching.glance import Watcher
from shopsync_cli.watching.rates import Offsets, offsets_of, rates_between
from shopsync_contracts.topics import LISTING_EVENTS, PRODUCT_CHANGES
from shopsync_readmodel.products.counts import count_statuses, status_groups
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_testkit.ports import free_port
from shopsync_testkit.processes import clean_environment

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def group(*parts):
    return GroupLag("p.catalog.products", True, "Stable", 1, tuple(parts))


def part(spec, committed, end):
    return PartitionLag(spec.full_name("p"), 0, committed, end, end - (committed or 0), False, 0, None)


def test_rates_are_the_difference_of_two_looks():
    before = offsets_of([group(part(PRODUCT_CHANGES, None, 10), part(LISTING_EVENTS, 4, 4))], "p", NOW)
    after = offsets_of(
        [group(part(PRODUCT_CHANGES, 30, 50), part(LISTING_EVENTS, 4, 9))], "p", NOW + timedelta(seconds=10)
    )
    rates = rates_between(before, after)
    assert (rates.changes, rates.folds, rates.pushes) == (4, 3, 0.5)
    assert rates_between(after, after) is None


def test_a_topic_that_was_made_again_is_no_negative_rate():
    rates = rates_between(Offsets(NOW, 500, 500, 500), Offsets(NOW + timedelta(seconds=1), 3, 2, 1))
    assert (rates.changes, rates.folds, rates.pushes) == (0, 0, 0)


async def test_the_numbers_of_a_shop(shop):
    await shop.imported("A-1", "A-2", "A-3")
    due = {"shop_key": "demo", "due_at": NOW, "owner": "", "lease_until": NOW}
    await shop.database["push_jobs"].insert_many(
        [{"_id": f"demo/A-{no}", "product_no": f"A-{no}", **due} for no in (1, 2)]
    )
    await shop.database["push_pauses"].insert_one({"_id": "demo", "paused": True, "set_at": NOW, "source": "/t"})
    for minute, state in ((1, "finished"), (9, "reading")):
        asked = NOW + timedelta(minutes=minute)
        await shop.database["imports"].insert_one(
            {"_id": f"i{minute}", "shop_key": "demo", "requested_at": asked, "state": state, "finished": False}
        )
    ended = await shop.run("watch", "--once", "--interval", "0.2", "--json")
    assert ended.exit_code == 0, ended.stderr
    seen = json.loads(ended.stdout)
    assert {one["group"]: one["members"] for one in seen["groups"]}[f"{shop.bus.prefix}.catalog.products"] == 1
    assert set(seen["rates"]) == {"changes", "folds", "pushes"}
    [demo] = seen["shops"]
    assert demo["products"] == {"incomplete": 3}
    assert demo["pushes"]["counts"]["due"] == 2
    assert "paused since" in demo["pushes"]["holdups"][0]
    assert (demo["last_import"]["state"], demo["last_sweep"]) == ("reading", None)
    summary = (await shop.run("products", "summary", "--json")).json()
    assert summary[0]["products"] == sum(demo["products"].values())

    table = await shop.run("watch", "--shop", "demo", "--rounds", "2", "--interval", "0.2")
    assert table.stdout.count("不足項目あり") == 2
    assert "paused since" in table.stdout


async def test_a_side_that_is_away_is_told_and_the_other_goes_on(shopsync, bus, mongo_uri, mongo_database):
    away = f"mongodb://127.0.0.1:{free_port()}/?serverSelectionTimeoutMS=300"
    ended = await shopsync(*bus.options, "--mongo", away, "watch", "--once", "--interval", "0.2", "--json")
    assert ended.exit_code == 0, ended.stderr
    seen = ended.json()
    assert "MongoDB is not reachable" in seen["mongo"]["trouble"]
    assert seen["kafka"]["trouble"] is None
    assert len(seen["groups"]) > 5
    where = ("--kafka", f"127.0.0.1:{free_port()}", "--mongo", mongo_uri, "--database", mongo_database)
    ended = await shopsync(*where, "watch", "--rounds", "2", "--interval", "0.2")
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.count("! Kafka: Kafka is not reachable") == 2


async def test_one_side_is_enough_and_none_is_not(shopsync, bus):
    assert (await shopsync(*bus.options, "watch", "--once", "--interval", "0.2")).exit_code == 0
    ended = await shopsync("watch", "--once")
    assert ended.exit_code == 2
    assert "SHOPSYNC_MONGO_URI" in ended.stderr


async def test_a_side_that_is_named_wrongly_is_not_left_out(shopsync, mongo_uri):
    half = {"SHOPSYNC_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}
    ended = await shopsync("--kafka", "127.0.0.1:9", "--mongo", mongo_uri, "watch", "--once", env=half)
    assert ended.exit_code == 2
    assert "SHOPSYNC_KAFKA_SASL_MECHANISM is not set" in ended.stderr


async def test_a_client_that_cancels_itself_is_a_side_that_is_away(monkeypatch):
    """As aiokafka does when its broker goes away in the middle."""

    async def read_lag(_cluster, *, count_up_to):
        raise asyncio.CancelledError

    monkeypatch.setattr("shopsync_cli.watching.glance.read_lag", read_lag)
    seen = await Watcher(Cluster(KafkaConnection("nowhere:1"), "p"), None, None).look()
    assert seen.kafka.trouble == "the connection was lost meanwhile"


@pytest.mark.parametrize("option", [("--interval", "0"), ("--shops", "0")])
async def test_wrong_options_are_refused(shopsync, option):
    assert (await shopsync("watch", *option)).exit_code == 2


async def test_what_was_away_is_seen_again_when_it_is_back(monkeypatch):
    answers = [
        Unreachable("nobody answers"),
        [group(part(PRODUCT_CHANGES, 1, 1))],
        [group(part(PRODUCT_CHANGES, 3, 3))],
    ]

    async def read_lag(_cluster, *, count_up_to):
        assert count_up_to == 0  # no message is read to be counted
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("shopsync_cli.watching.glance.read_lag", read_lag)
    watcher = Watcher(Cluster(KafkaConnection("nowhere:1"), "p"), None, None)
    looks = [await watcher.look() for _ in range(3)]
    assert [one.kafka.trouble for one in looks] == ["nobody answers", None, None]
    assert [one.rates is None for one in looks] == [True, True, False]


async def test_the_shops_are_read_at_most_a_twentieth_of_the_time(monkeypatch):
    """As with millions of products, where counting takes seconds."""
    clock = [0.0]
    readings = []

    async def shops(_settings, _shop):
        readings.append(clock[0])
        clock[0] += 2
        return []

    monkeypatch.setattr("shopsync_cli.watching.glance._shops", shops)
    watcher = Watcher(None, MongoSettings(mongo_uri="mongodb://nowhere"), None, monotonic=lambda: clock[0])
    for _ in range(100):
        await watcher.look()
        clock[0] += 5
    assert len(readings) > 5
    assert min(after - before for before, after in itertools.pairwise(readings)) >= 40


async def test_statuses_are_counted_from_the_index_alone(mongo_client, mongo_database):
    database = mongo_client[mongo_database]
    await ProductStore(database).ensure_indexes()
    await database["products"].insert_many(
        [{"_id": f"demo/{n}", "shop_key": "demo", "status": "synced" if n % 2 else "pending"} for n in range(50)]
    )
    assert await count_statuses(database, None) == {"demo": {"synced": 25, "pending": 25}}
    for chosen in (None, "demo"):
        asked = {"aggregate": "products", "pipeline": status_groups(chosen), "cursor": {}}
        explained = await database.command({"explain": asked})
        [first] = [one["$cursor"] for one in explained.get("stages", ()) if "$cursor" in one] or [explained]
        plan = str(first["queryPlanner"]["winningPlan"])
        assert "PROJECTION_COVERED" in plan
        assert "FETCH" not in plan
        assert "COLLSCAN" not in plan


def test_on_a_terminal_it_is_drawn_again_in_place_until_ctrl_c(kafka_bootstrap, topic_prefix):
    where = ("--kafka", kafka_bootstrap, "--prefix", topic_prefix)
    # What a shell runs in the background ignores Ctrl-C, and so do its children, unless they are told not to.
    shopsync = ["env", "--default-signal=INT", str(Path(sys.executable).with_name("shopsync"))]
    command = [*shopsync, *where, "watch", "--interval", "0.3"]
    main, side = pty.openpty()
    env = {**clean_environment(), "COLUMNS": "160", "LINES": "50", "TERM": "xterm"}
    child = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=env, start_new_session=True)
    os.close(side)
    shown = b""

    def drawn(times):
        nonlocal shown
        while shown.count(b"catalog.products") < times:
            shown += os.read(main, 65536)

    try:
        drawn(3)
        child.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # the terminal is gone with the process, which may wait until it is read
            while more := os.read(main, 65536):
                shown += more
        code = child.wait()
    finally:
        child.kill()
        os.close(main)
    assert code == 130
    assert b"Traceback" not in shown
    assert b"\x1b[?25h" in shown, "the cursor is back"


async def test_a_shop_that_nobody_knows_is_refused(shop):
    await shop.imported("A-1")
    ended = await shop.run("watch", "--once", "--shop", "zzz")
    assert ended.exit_code == 1
    assert "no shop 'zzz'" in ended.stderr
