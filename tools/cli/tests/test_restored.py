"""`shopsync mongo restored`: groups, positions, jobs and the mark, on a real Kafka and MongoDB."""

import asyncio
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition

from shopsync_cli.kafka.group_offsets import committed
from shopsync_contracts import TOPICS, new_event, topic_of
from shopsync_contracts.access import GROUPS
from shopsync_contracts.events import PushRequested, PushSkipped, PushSucceeded
from shopsync_contracts.topics import CATALOG_PRODUCTS, DELETE_COMMANDS, PRODUCT_CHANGES, PUSH_COMMANDS, SYNC_COMMANDS
from shopsync_runtime.kafka.admin import admin_client
from shopsync_runtime.kafka.connection import KafkaConnection

OLD = datetime.now(UTC) - timedelta(days=1)


async def send(bus, body, time):
    event = new_event(body, source="/t", id=f"{body.subject}-{body.TYPE}", time=time)
    return await bus.send(topic_of(type(body)), event.to_bytes(), key=event.key())


async def commit_all(bus):
    """Every group at the ends of its topics, as after a day of work."""
    for one in GROUPS:
        async with AIOKafkaConsumer(
            bootstrap_servers=bus.bootstrap, group_id=one.full_name(bus.prefix), enable_auto_commit=False
        ) as consumer:
            parts = [
                TopicPartition(spec.full_name(bus.prefix), number)
                for spec in one.topics
                for number in range(spec.partitions)
            ]
            consumer.assign(parts)
            await consumer.commit(await consumer.end_offsets(parts))


async def reached(bus, group):
    async with admin_client(KafkaConnection(bus.bootstrap)) as admin:
        found = await committed(admin, f"{bus.prefix}.{group}")
    return {(part.topic.removeprefix(f"{bus.prefix}."), part.partition): offset for part, offset in found.items()}


async def test_the_groups_go_back_to_the_backup_and_the_publisher_is_told(
    shopsync, bus, mongo_uri, mongo_client, mongo_database
):
    database = mongo_client[mongo_database]
    where = (*bus.options, "--mongo", mongo_uri, "--database", mongo_database)
    for spec in TOPICS:
        await bus.send(spec, b"{}", key=b"k", partition=0)
    command = await send(bus, PushRequested(shop_key="demo", product_no="A-1", reason="manual"), OLD)
    now = datetime.now(UTC)
    sent = PushSucceeded(
        shop_key="demo",
        product_no="A-1",
        content_version=1,
        action="created",
        tiktok_product_id="7",
        skus=(),
        review="in_review",
    )
    await send(bus, sent, now)
    await send(bus, PushSkipped(shop_key="demo", product_no="A-2", why="sync_disabled"), OLD - timedelta(days=9))
    await commit_all(bus)
    noticed = {"_id": f"{PUSH_COMMANDS.full_name(bus.prefix)}/{command.partition}", "offset": -1, "gap_at": now}
    await database["command_positions"].insert_one(noticed)
    jobs = [{"_id": f"demo/A-{number}", "shop_key": "demo", "requested_at": OLD} for number in (1, 2, 3)]
    await database["push_jobs"].insert_many(jobs)

    dry = await shopsync(*where, "mongo", "restored", "--backup-of", "1h", "--dry-run", "--json")
    assert dry.exit_code == 0, dry.stderr
    assert await database["restorations"].count_documents({}) == 0
    before = await reached(bus, "catalog.products")
    for _ in range(2):
        ended = await shopsync(*where, "mongo", "restored", "--backup-of", "1h")
        assert ended.exit_code == 0, ended.stderr
        assert "then janitor and publisher" in ended.stdout

    told = await shopsync(*where, "doctor", "--only", "restored")
    assert "from a backup of" in told.stdout

    # Every record was appended within the hour, so these groups are back at the start, and the others are not.
    assert before[PRODUCT_CHANGES.name, 0] == 1
    assert (await reached(bus, "catalog.products"))[PRODUCT_CHANGES.name, 0] == 0
    assert (await reached(bus, "catalog.products"))[DELETE_COMMANDS.name, 0] == 1
    assert (await reached(bus, "publisher.commands"))[PUSH_COMMANDS.name, 0] == 0
    assert (await reached(bus, "catalog.snapshot-check"))[CATALOG_PRODUCTS.name, 0] == 0
    assert (await reached(bus, "catalog.syncs"))[SYNC_COMMANDS.name, 0] == 1
    # Answered since the request: removed. Answered long before, or not at all: kept.
    assert {one["_id"] async for one in database["push_jobs"].find()} == {"demo/A-2", "demo/A-3"}
    name = PUSH_COMMANDS.full_name(bus.prefix)
    position = await database["command_positions"].find_one({"_id": f"{name}/{command.partition}"})
    assert position["offset"] == command.offset
    assert "gap_at" not in position, "the mark says more"
    assert position["timestamp"] >= now - timedelta(minutes=1)
    assert await database["restorations"].count_documents({}) in (1, 2)


async def test_offsets_never_go_forward_and_stay_where_nothing_came_since(shopsync, bus, mongo_uri, mongo_database):
    where = (*bus.options, "--mongo", mongo_uri, "--database", mongo_database)
    await bus.send(PRODUCT_CHANGES, b"{}", partition=0)
    await commit_all(bus)
    await asyncio.sleep(1.5)
    ended = await shopsync(*where, "mongo", "restored", "--backup-of", "2000-01-01", "--json")
    assert ended.exit_code == 0, ended.stderr
    assert (await reached(bus, "catalog.products"))[PRODUCT_CHANGES.name, 0] == 0
    again = await shopsync(*where, "mongo", "restored", "--backup-of", "1s", "--json")
    assert (await reached(bus, "catalog.products"))[PRODUCT_CHANGES.name, 0] == 0
    assert {one["read_again"] for one in again.json()["groups"]} == {0}


async def test_while_a_service_runs_nothing_is_done(shop):
    ended = await shop.run("mongo", "restored", "--backup-of", "1h", "--wait", "0")
    assert ended.exit_code == 1
    assert "stop every replica of the services first" in ended.stderr
    assert await shop.database["restorations"].count_documents({}) == 0


async def test_a_moment_that_is_still_to_come_is_refused(shopsync, bus, mongo_uri):
    ended = await shopsync(*bus.options, "--mongo", mongo_uri, "mongo", "restored", "--backup-of", "2999-01-01")
    assert ended.exit_code == 2


async def test_a_user_without_the_rights_is_told(shopsync, bus, mongo_with_users):
    uri = f"mongodb://operator:p-operator@127.0.0.1:{mongo_with_users}/?authSource=shopsync&replicaSet=rs0"
    ended = await shopsync(*bus.options, "--mongo", uri, "mongo", "restored", "--backup-of", "1h")
    assert ended.exit_code == 1
    assert "not authorized" in ended.stderr
