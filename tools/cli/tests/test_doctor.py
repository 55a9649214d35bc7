"""`shopsync doctor` against a real Kafka and MongoDB: healthy, and each fault with what to do about it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from query_indexes import make as make_indexes

from shopsync_cli.doctor.acls_check import judge as judge_acls
from shopsync_cli.doctor.checks import CHECKS
from shopsync_cli.doctor.clocks_check import judge as judge_clock
from shopsync_cli.doctor.groups_check import version_in, versions
from shopsync_cli.doctor.model import Check, Patient, Verdict, ok
from shopsync_cli.doctor.mongo_check import judge as judge_mongo
from shopsync_cli.doctor.runner import examine
from shopsync_cli.kafka.acls import NAMED_ALIKE, Binding, declared
from shopsync_cli.mongo.indexes import INDEXES, index_of
from shopsync_contracts import new_event
from shopsync_contracts.events import PushRequested
from shopsync_contracts.topics import PUSH_COMMANDS, REPORTS
from shopsync_testkit.polling import eventually
from shopsync_testkit.ports import free_port

HELLO = {"setName": "rs0", "isWritablePrimary": True, "hosts": ["a", "b", "c"]}
NOW = datetime(2026, 11, 23, tzinfo=UTC)


async def test_without_any_address_everything_is_left_out_and_says_why(looked, verdicts, shopsync):
    found = await looked(shopsync)
    assert {one["check"] for one in found.values()} == {check.name for check in CHECKS}
    assert set(verdicts(found).values()) == {"skipped"}
    assert "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS" in found["kafka", "kafka"]["text"]


async def test_an_unknown_check_is_named_with_the_known_ones(shopsync):
    ended = await shopsync("doctor", "--only", "kafak")
    assert ended.exit_code == 2
    assert "known: kafka, topics" in ended.stderr


async def test_a_healthy_cluster(looked, verdicts, shop):
    found = await looked(shop.run, only=("kafka", "topics", "versions", "clock-kafka", "restored"))
    # One broker is no fault, but somebody should know.
    assert verdicts(found) == {
        "kafka": "warn", "topics": "ok", "versions": "ok", "clock-kafka": "skipped", "restored": "ok",
    }  # fmt: skip


async def test_what_the_table_says_on_a_terminal_stands_in_a_pipe_too(shop):
    ended = await shop.run("doctor", "--only", "topics", "--only", "versions")
    assert ended.exit_code == 0
    assert "topics are as declared, one copy of each partition" in ended.stdout
    assert "2 ok, 0 warn, 0 fail, 0 skipped" in ended.stdout


async def test_groups_without_members_are_named(looked, shop):
    found = await looked(shop.run, only=("groups",), code=1)
    prefix = shop.bus.prefix
    assert ("groups", f"{prefix}.catalog.products") not in found
    assert found["groups", f"{prefix}.publisher.commands"]["do"] == "start the publisher"


async def test_nothing_listens_and_nobody_answers_as_kafka(looked, shopsync, mongo_uri):
    refused = f"127.0.0.1:{free_port()}"
    found = await looked(shopsync, "--kafka", refused, only=("kafka",), code=1)
    assert "Kafka is not reachable" in found["kafka", refused]["text"]
    assert "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS" in found["kafka", refused]["do"]
    unknown = await looked(shopsync, "--kafka", "no-such-host.invalid:9092", only=("kafka",), code=1)
    assert "no-such-host.invalid:9092" in unknown["kafka", "no-such-host.invalid:9092"]["text"]


async def test_missing_and_changed_topics_are_told_with_the_command(looked, shopsync, bus):
    name = REPORTS.full_name(bus.prefix)
    admin = AIOKafkaAdminClient(bootstrap_servers=bus.bootstrap)
    await admin.start()
    try:
        deleted = PUSH_COMMANDS.full_name(bus.prefix)
        await admin.delete_topics([deleted])
        await admin.alter_configs(
            [
                ConfigResource(
                    ConfigResourceType.TOPIC,
                    name,
                    {**REPORTS.config(), "retention.ms": "1000", "max.message.bytes": "9"},
                )
            ]
        )

        async def gone():
            return deleted not in await admin.list_topics()

        await eventually(gone, what="the end of the topic")
    finally:
        await admin.close()
    found = await looked(shopsync, *bus.options, only=("topics",), code=1)
    assert found["topics", "topics"]["do"].startswith("shopsync topics apply --replication 1")
    ended = await shopsync(*bus.options, "doctor", "--only", "topics")
    assert "retention.ms is 1000" in ended.stdout
    assert f"--entity-name {name} --add-config retention.ms=" in ended.stdout


async def test_too_few_copies_are_told(looked, verdicts, shopsync, bus):
    found = await looked(shopsync, *bus.options, only=("topics",))
    assert set(verdicts(found).values()) == {"ok"}
    ended = await shopsync(*bus.options, "doctor", "--only", "topics", "--replication", "3")
    assert "one copy of each partition, 3 wanted" in ended.stdout


async def test_the_brokers_clock_is_read_by_one_empty_record(shopsync, bus):
    ended = await shopsync(*bus.options, "doctor", "--only", "clock-kafka", "--write-probe", "--json")
    assert ended.json()["findings"][0]["text"] == "within 5 s of this machine"
    assert "0 dead letters" in (await shopsync(*bus.options, "dead-letters", "list")).stdout


async def test_a_database_that_is_older_than_kafka_is_told(
    looked, verdicts, shopsync, bus, mongo_uri, mongo_client, mongo_database
):
    event = new_event(PushRequested(shop_key="demo", product_no="A-1", reason="manual"), source="/t", id="1", time=NOW)
    sent = await bus.send(PUSH_COMMANDS, event.to_bytes(), key=event.key())
    part = TopicPartition(PUSH_COMMANDS.full_name(bus.prefix), sent.partition)
    async with AIOKafkaConsumer(
        bootstrap_servers=bus.bootstrap, group_id=f"{bus.prefix}.publisher.commands", enable_auto_commit=False
    ) as consumer:
        consumer.assign([part])
        await consumer.commit({part: sent.offset + 1})
    where = (*bus.options, "--mongo", mongo_uri, "--database", mongo_database)
    found = await looked(shopsync, *where, only=("restored",), code=1)
    assert "shopsync mongo restored" in found["restored", "restored"]["do"]
    position = {"_id": f"{part.topic}/{part.partition}", "offset": sent.offset, "timestamp": NOW}
    await mongo_client[mongo_database]["command_positions"].insert_one(position)
    assert set(verdicts(await looked(shopsync, *where, only=("restored",))).values()) == {"ok"}

    await mongo_client[mongo_database]["command_positions"].update_one({}, {"$set": {"gap_at": NOW}})
    found = await looked(shopsync, *where, only=("restored",))
    assert set(verdicts(found).values()) == {"warn"}
    assert "gap_at" in found["restored", "restored"]["do"]


async def test_the_indexes_that_services_make_are_the_declared_ones(
    looked, verdicts, shopsync, mongo_uri, mongo_client, mongo_database
):
    database = mongo_client[mongo_database]
    await make_indexes(await mongo_client.address, mongo_database)
    for service in ("ingestor", "catalog", "publisher", "janitor"):
        await database[f"{service}_leases"].create_index("clear_at", expireAfterSeconds=0)
    made = {}
    for name in await database.list_collection_names():
        if name not in {"system.views", "authorization_states"}:
            made[name] = {index_of(one) async for one in await database[name].list_indexes()} - {
                index_of({"key": {"_id": 1}})
            }
    assert {name: some for name, some in made.items() if some} == {name: set(some) for name, some in INDEXES.items()}

    where = ("--mongo", mongo_uri, "--database", mongo_database)
    assert set(verdicts(await looked(shopsync, *where, only=("indexes",))).values()) == {"ok"}

    await database["push_jobs"].drop_index("shop_key_1_due_at_1")
    await database["images"].create_index("colour")
    found = await looked(shopsync, *where, only=("indexes",), code=1)
    assert found["indexes", "push_jobs"]["text"].startswith("missing: shop_key, due_at")
    assert found["indexes", "images"]["verdict"] == "warn"
    assert "not declared: colour" in found["indexes", "images"]["text"]


async def test_mongodb_without_users_and_one_that_is_away(looked, verdicts, shopsync, mongo_uri, mongo_database):
    where = ("--mongo", mongo_uri, "--database", mongo_database)
    found = await looked(shopsync, *where, only=("mongo", "roles", "clock-mongo", "indexes"))
    assert verdicts(found) == {"mongo": "warn", "roles": "warn", "clock-mongo": "ok", "indexes": "skipped"}
    away = f"mongodb://ops:hush@127.0.0.1:{free_port()}/?serverSelectionTimeoutMS=500"
    lost = await looked(shopsync, "--mongo", away, only=("mongo", "tiktok"), code=1)
    assert "MongoDB is not reachable" in lost["mongo", "mongo"]["text"]
    assert "hush" not in json.dumps([*lost.values()])


@pytest.mark.parametrize(
    ("hello", "version", "told"),
    [
        (HELLO, "7.0.1", (Verdict.OK, "MongoDB 7.0.1, rs0 of 3 members")),
        ({}, "7.0.1", (Verdict.FAIL, "no replica set")),
        ({**HELLO, "isWritablePrimary": False}, "7.0.1", (Verdict.FAIL, "no primary")),
        ({**HELLO, "isWritablePrimary": False, "primary": "b:1"}, "7.0.1", (Verdict.WARN, "the primary is b:1")),
        (HELLO, "4.2.8", (Verdict.FAIL, "MongoDB 4.2.8 is too old")),
        (
            {**HELLO, "lastWrite": {"lastWriteDate": NOW, "majorityWriteDate": NOW - timedelta(minutes=1)}},
            "8.0.0",
            (Verdict.FAIL, "the majority is 60 s behind"),
        ),
    ],
)
def test_what_mongodb_says_of_itself(hello, version, told):
    [found] = judge_mongo(hello, version, "mongo:27017")
    assert found.verdict is told[0]
    assert told[1] in found.text


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [(0, Verdict.OK), (4, Verdict.OK), (-4, Verdict.OK), (20, Verdict.WARN), (-20, Verdict.WARN), (90, Verdict.FAIL)],
)
def test_a_clock_that_is_off(seconds, verdict):
    found = judge_clock("MongoDB", NOW + timedelta(seconds=seconds), NOW, NOW)
    assert found.verdict is verdict


def test_versions_that_do_not_fit():
    assert version_in("shopsync.catalog-0.1.0", "catalog") == "0.1.0"
    assert version_in("my-own.shopsync.catalog", "catalog") == "unknown"
    assert [one.verdict for one in versions({"catalog": {"0.2.0"}}, "0.2.0")] == [Verdict.OK]
    [found] = versions({"catalog": {"0.2.0", "0.1.0"}, "janitor": {"0.2.0"}}, "0.2.0")
    assert (found.what, found.verdict) == ("catalog", Verdict.WARN)
    assert "0.1.0 and 0.2.0" in found.text
    [found] = versions({}, "0.2.0")
    assert "no service runs" in found.text


async def test_a_check_that_hangs_or_breaks_holds_nobody_up():
    async def hangs(_patient):
        await asyncio.sleep(3600)

    async def breaks(_patient):
        raise ZeroDivisionError

    async def works(_patient):
        return [ok("it", "works")]

    checks = [Check("hangs", "g", hangs), Check("breaks", "g", breaks), Check("works", "g", works)]
    ended = []
    examined = await examine(Patient(seconds=0.05), checks, ended.append)
    assert [one.findings[0].verdict for one in examined] == [Verdict.FAIL, Verdict.FAIL, Verdict.OK]
    assert sorted(ended) == ["breaks", "hangs", "works"]


def test_rules_of_an_authorizer_against_the_declared_ones():
    right = set(declared("p", NAMED_ALIKE))
    [found] = judge_acls(right, "p")
    assert found.verdict is Verdict.OK
    more = Binding("User:janitor", "topic", "p.push-commands.v1", "literal", "Write")
    denied = Binding("User:catalog", "topic", "p.tool-edits.v1", "literal", "Read", permission="deny")
    lacking = next(one for one in right if one.principal == "User:catalog")
    several = judge_acls((right | {more, denied}) - {lacking}, "p")
    assert [one.verdict for one in several] == [Verdict.FAIL, Verdict.FAIL, Verdict.WARN]
    assert "1 rule missing: User:catalog may" in several[0].text
    [found] = judge_acls({Binding("User:CN=catalog", "topic", "p.", "prefixed", "All")}, "p")
    assert found.verdict is Verdict.SKIPPED


async def test_a_cluster_without_an_authorizer(looked, shopsync, bus):
    found = await looked(shopsync, *bus.options, only=("acls",))
    assert found["acls", "acls"]["verdict"] == "warn"
    assert "shopsync topics apply --acls" in found["acls", "acls"]["do"]


@pytest.mark.parametrize("needed", ["kafka", "topics", "restored"])
async def test_a_link_that_is_named_and_lacks_a_setting_is_a_fault_and_not_left_out(looked, shopsync, needed):
    half = {"SHOPSYNC_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}
    found = await looked(shopsync, "--kafka", "127.0.0.1:9", only=(needed,), code=1, env=half)
    assert found[needed, needed]["verdict"] == "fail"
    assert "SHOPSYNC_KAFKA_SASL_MECHANISM is not set" in found[needed, needed]["text"]
