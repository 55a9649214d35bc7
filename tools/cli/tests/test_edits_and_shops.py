import json

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shopsync_cli.errors import WrongCall
from shopsync_cli.publishing.changes import read_changes
from shopsync_contracts import parse
from shopsync_contracts.topics import SHOP_SETTINGS, TOOL_EDITS
from shopsync_runtime.kafka.admin import admin_client, topic_setting
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_testkit.polling import eventually


def test_text_stays_text_and_numbers_are_numbers():
    changes = read_changes(
        ["category_id=600001", "package_weight_g=300", "name=靴下=2", "package_dimensions_cm=30x20x10"],
        ["brand_id"],
        ["M:=10", "=3", "S:RED=0"],
    )
    assert changes.model_dump(mode="json") == {
        "category_id": "600001",
        "package_weight_g": 300,
        "name": "靴下=2",
        "package_dimensions_cm": {"height": 10, "length": 30, "width": 20},
        "brand_id": None,
        "stock": [
            {"vertical_no": "M", "horizontal_no": "", "quantity": 10},
            {"vertical_no": "", "horizontal_no": "", "quantity": 3},
            {"vertical_no": "S", "horizontal_no": "RED", "quantity": 0},
        ],
    }


def test_one_side_of_the_package_leaves_the_others_alone():
    changes = read_changes(["package_dimensions_cm.length=30"], [], [])
    assert changes.model_dump(mode="json") == {"package_dimensions_cm": {"length": 30}}


@pytest.mark.parametrize(
    ("sets", "clears", "stocks", "reason"),
    [
        ([], [], [], "nothing to change"),
        (["colour=red"], [], [], "no such field"),
        (["price"], [], [], "FIELD=VALUE"),
        (["price=cheap"], [], [], "JSON is expected here, such as --set price=300"),
        (["images=a.jpg"], [], [], r"such as --set 'images=\[\"https://shop.example/1.jpg\"\]' \("),
        (["price=1e400"], [], [], "^--set price=1e400: .*1e400 is too large a number"),
        (["package_dimensions_cm.length=-1e400"], [], [], "-1e400 is too large a number"),
        (["price=NaN"], [], [], "^--set price=NaN: .*NaN is no JSON number"),
        (["price=[Infinity]"], [], [], "Infinity is no JSON number"),
        (["price=0"], [], [], "price"),
        (["stock=3"], [], [], "--stock"),
        (["name=a"], ["name"], [], "both set and cleared"),
        (["package_dimensions_cm=1x2"], [], [], "LENGTHxWIDTHxHEIGHT"),
        (["package_dimensions_cm.depth=1"], [], [], "length, width, height"),
        ([], [], ["M:=ten"], "VERTICAL:HORIZONTAL=QUANTITY"),
        ([], [], ["M:=1", "M:=2"], "stands twice"),
        ([], [], ["M:=100000"], "quantity"),
    ],
)
def test_a_wrong_edit_names_what_is_wrong(sets, clears, stocks, reason):
    with pytest.raises(WrongCall, match=reason):
        read_changes(sets, clears, stocks)


async def test_edit_and_target_reach_the_tool_topic_in_order(shopsync, bus):
    assert (
        await shopsync(*bus.options, "edit", "demo", "A-1", "--set", "price=1980", "--clear", "brand_id")
    ).exit_code == 0
    assert (await shopsync(*bus.options, "target", "demo", "A-1", "A-2", "on")).exit_code == 0
    assert (await shopsync(*bus.options, "target", "demo", "A-1", "off")).exit_code == 0
    records = [record for record in await bus.read(TOOL_EDITS) if record.key == b"demo/A-1"]
    edit, on, off = (parse(record.value, key=record.key, topic=TOOL_EDITS) for record in records)
    assert edit.data.changes.model_dump(mode="json") == {"price": 1980, "brand_id": None}
    assert edit.data.edited_at == edit.time
    assert (on.data.sync_enabled, off.data.sync_enabled) == (True, False)
    assert on.time < off.time


async def test_put_publishes_the_whole_settings(shopsync, bus):
    ended = await shopsync(
        *bus.options,
        "shops",
        "put",
        "demo",
        "--mode",
        "scheduled",
        "--time",
        "03:00",
        "--time",
        "15:30",
        "--tax-excluded",
        "--rate",
        "8",
        "--rounding",
        "half-up",
        "--category-version",
        "v2",
    )
    assert ended.exit_code == 0, ended.stderr
    [record] = await bus.read(SHOP_SETTINGS)
    settings = parse(record.value, key=record.key, topic=SHOP_SETTINGS).data
    assert (settings.sync.mode, settings.sync.times) == ("scheduled", ("03:00", "15:30"))
    assert (settings.tax.included, settings.tax.rate_percent, settings.tax.rounding) == (False, 8, "half_up")
    assert settings.category_version == "v2"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--interval-minutes", "0"), "--interval-minutes (1 to 1440): Input should be greater than or equal to 1"),
        (("--interval-minutes", "1441"), "--interval-minutes (1 to 1440): "),
        (("--rate", "101"), "--rate (0 to 100): "),
        (("--time", "03:00", "--time", "25:00"), "--time: is no time of day"),
        (("--mode", "scheduled"), '--time: mode "scheduled" needs at least one time such as "03:00"'),
    ],
)
async def test_put_names_the_option_that_is_wrong(shopsync, options, told):
    ended = await shopsync("--kafka", "127.0.0.1:1", "shops", "put", "demo", *options)
    assert ended.exit_code == 2
    assert ended.stderr.startswith(f"shopsync: {told}")


async def test_shops_are_listed_from_the_database(shopsync, mongo_uri, mongo_client, mongo_database):
    await mongo_client[mongo_database]["shops"].insert_one(
        {
            "_id": "demo",
            "sync": {"mode": "auto", "interval_minutes": 30, "times": []},
            "tax": {"included": True, "rate_percent": 10, "rounding": "down"},
            "category_version": "v1",
        }
    )
    where = ("--mongo", mongo_uri, "--database", mongo_database, "shops", "list")
    assert "auto every 30 min" in (await shopsync(*where)).stdout
    assert (await shopsync(*where, "--json")).json()[0]["shop_key"] == "demo"


async def test_an_unreachable_database_is_one_line_without_the_password(shopsync):
    uri = "mongodb://who:secret@127.0.0.1:1/?serverSelectionTimeoutMS=200"
    ended = await shopsync("--mongo", uri, "shops", "list")
    assert ended.exit_code == 1
    assert ended.stderr.startswith("shopsync: MongoDB is not reachable at 127.0.0.1:1")
    assert "secret" not in ended.stderr
    expected = "Connect call failed; check SHOPSYNC_MONGO_URI\n"
    assert ended.stderr.endswith(expected), "neither time-outs nor addresses in Python's notation"
    assert len(ended.stderr.splitlines()) == 1


async def test_a_wrong_connection_string_is_told_in_our_words(shopsync):
    ended = await shopsync("--mongo", "http://x", "shops", "list")
    assert ended.exit_code == 2
    assert ended.stderr.startswith("shopsync: SHOPSYNC_MONGO_URI (or --mongo): is no MongoDB connection string")


async def test_one_product_is_told_as_one(shopsync, bus):
    for products, told in ((["A-1"], "1 product of demo"), (["A-1", "A-2"], "2 products of demo")):
        target = await shopsync(*bus.options, "target", "demo", *products, "on")
        assert target.stdout == f"published sync_target.set on for {told}\n"
        bulk = await shopsync(*bus.options, "bulk-edit", "demo", *products, "--on")
        assert bulk.stdout.startswith(f"published products.bulk_edited for {told}, id ")


async def test_a_refused_write_leaves_stdout_to_the_json(bus, shopsync):
    """The producer's log lines used to stand there."""
    kafka, topic, setting = KafkaConnection(bus.bootstrap), TOOL_EDITS.full_name(bus.prefix), "max.message.bytes"
    async with admin_client(kafka) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {setting: "100"})])

    async def is_in_force():
        return await topic_setting(kafka, topic, setting) == "100"

    await eventually(is_in_force, what="the limit")
    ended = await shopsync(*bus.options, "edit", "demo", "A-1", "--set", "package_weight_g=300", "--json")
    assert (ended.exit_code, ended.stdout) == (1, "")
    *logged, told = ended.stderr.splitlines()
    assert [json.loads(line)["level"] for line in logged] == ["error"]
    assert told.startswith("shopsync: ")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["import", "demo", "--mode", "nope"], "Invalid value for '--mode': 'nope' is not one of"),
        (["dead-letters", "list", "--since", "noon"], "--since 'noon' is no moment; write 30m"),
        (["mongo", "restored", "--backup-of", "noon"], "--backup-of 'noon' is no moment; write 30m"),
        (["bulk-edit", "demo", "--on", "--file", "/no/such"], "--file: cannot read /no/such: No such file"),
    ],
)
async def test_a_wrong_value_is_told_with_its_option(shopsync, args, told):
    ended = await shopsync("--kafka", "127.0.0.1:1", "--mongo", "mongodb://127.0.0.1:1", *args)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert told in ended.stderr
