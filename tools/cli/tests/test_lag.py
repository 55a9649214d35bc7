"""`shopsync lag` with a running catalog, a stopped one, and partitions that do not end with a message."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shopsync_contracts.access import GROUPS
from shopsync_contracts.topics import PRODUCT_CHANGES, SYNC_COMMANDS, TOOL_EDITS
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess


async def commit(bus, group: str, offsets: dict[TopicPartition, int]) -> None:
    async with AIOKafkaConsumer(bootstrap_servers=bus.bootstrap, group_id=group, enable_auto_commit=False) as consumer:
        consumer.assign(list(offsets))
        await consumer.commit(offsets)


async def looked(shopsync, bus, *options: str):
    ended = await shopsync(*bus.options, "lag", "--json", *options)
    assert ended.exit_code == 0, ended.stderr
    return {one["group"].removeprefix(f"{bus.prefix}."): one for one in ended.json()["groups"]}


def of(group, spec, bus, partition: int):
    name = spec.full_name(bus.prefix)
    [found] = [one for one in group["partitions"] if (one["topic"], one["partition"]) == (name, partition)]
    return found


async def test_every_group_of_every_service_is_shown_before_it_ever_ran(shopsync, bus):
    groups = await looked(shopsync, bus)
    assert set(groups) == {f"{one.service}.{one.name}" for one in GROUPS}
    assert {one["members"] for one in groups.values()} == {0}
    table = (await shopsync(*bus.options, "lag")).stdout
    assert table.count("NO MEMBERS") == len(GROUPS)


async def test_lag_counts_messages_and_tells_what_was_never_committed(shopsync, bus):
    first = [await bus.send(TOOL_EDITS, b"{}", partition=4) for _ in range(7)]
    await bus.send(SYNC_COMMANDS, b"{}", partition=0)
    edits = TopicPartition(TOOL_EDITS.full_name(bus.prefix), 4)
    await commit(bus, f"{bus.prefix}.catalog.products", {edits: first[2].offset + 1})
    groups = await looked(shopsync, bus)
    found = of(groups["catalog.products"], TOOL_EDITS, bus, 4)
    assert (found["committed"], found["end"], found["lag"], found["exact"]) == (3, 7, 4, True)
    assert of(groups["catalog.syncs"], SYNC_COMMANDS, bus, 0)["committed"] is None
    assert groups["catalog.syncs"]["lag"] == 1
    few = of((await looked(shopsync, bus, "--count-up-to", "3"))["catalog.products"], TOOL_EDITS, bus, 4)
    assert (few["lag"], few["exact"]) == (4, False)
    table = (await shopsync(*bus.options, "lag", "--group", "products", "--count-up-to", "3")).stdout
    assert "≤ 4" in table
    assert f"{TOOL_EDITS.full_name(bus.prefix)}/4" in table
    assert "catalog.syncs" not in table


async def test_transaction_markers_and_aborted_messages_are_no_lag(shopsync, bus):
    """The end offset is after a marker: a group that has read every message cannot commit it."""
    topic = PRODUCT_CHANGES.full_name(bus.prefix)
    part = TopicPartition(topic, 1)
    producer = AIOKafkaProducer(bootstrap_servers=bus.bootstrap, transactional_id=f"{bus.prefix}-tx")
    async with producer:
        async with producer.transaction():
            sent = await producer.send_and_wait(topic, b"{}", partition=1)
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"{}", partition=1)
        await producer.abort_transaction()
    group = f"{bus.prefix}.catalog.products"
    await commit(bus, group, {part: sent.offset})
    behind = of((await looked(shopsync, bus))["catalog.products"], PRODUCT_CHANGES, bus, 1)
    assert (behind["lag"], behind["exact"], behind["end"]) == (1, True, 4)
    await commit(bus, group, {part: sent.offset + 1})
    done = of((await looked(shopsync, bus))["catalog.products"], PRODUCT_CHANGES, bus, 1)
    assert (done["lag"], done["exact"]) == (0, True)


async def test_a_running_service_is_named_and_a_stopped_one_is_marked(
    shopsync, bus, mongo_uri, mongo_database, tmp_path
):
    settings = {
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": bus.bootstrap,
        "SHOPSYNC_TOPIC_PREFIX": bus.prefix,
        "SHOPSYNC_MONGO_URI": mongo_uri,
        "SHOPSYNC_MONGO_DATABASE": mongo_database,
    }
    async with ServiceProcess("catalog", env=settings, folder=tmp_path):
        groups = await looked(shopsync, bus)
        assert groups["catalog.products"]["members"] == 1
        assert groups["catalog.products"]["state"] == "Stable"
        assert all(one["member"] for one in groups["catalog.products"]["partitions"])
        assert groups["publisher.commands"]["members"] == 0

    async def left() -> bool:
        return (await looked(shopsync, bus))["catalog.products"]["members"] == 0

    await eventually(left, what="a group without members")


async def test_another_group_of_the_prefix_is_shown_as_a_stranger(shopsync, bus):
    sent = await bus.send(TOOL_EDITS, b"{}", partition=0)
    part = TopicPartition(TOOL_EDITS.full_name(bus.prefix), 0)
    await commit(bus, f"{bus.prefix}.warehouse.reader", {part: sent.offset})
    assert (await looked(shopsync, bus))["warehouse.reader"]["lag"] == 1
    assert "not a group of the services" in (await shopsync(*bus.options, "lag", "--group", "warehouse")).stdout


async def test_watch_looks_again(shopsync, bus):
    watching = shopsync(*bus.options, "lag", "--watch", "--rounds", "2", "--every", "0.2", "--group", "syncs")
    ended = await asyncio.create_task(watching)
    assert ended.stdout.count(f"{bus.prefix}.catalog.syncs") == 2


async def test_offsets_of_a_topic_that_was_made_again_are_told(shopsync, bus):
    """A topic created again with fewer partitions stops other lag tools, or shows as a negative lag."""
    sent = await bus.send(TOOL_EDITS, b"{}", partition=2)
    name = TOOL_EDITS.full_name(bus.prefix)
    group = f"{bus.prefix}.catalog.products"
    await commit(bus, group, {TopicPartition(name, 2): sent.offset + 500})
    groups = await looked(shopsync, bus)
    found = of(groups["catalog.products"], TOOL_EDITS, bus, 2)
    assert (found["lag"], found["ahead"], groups["catalog.products"]["ahead"]) == (0, 499, 499)
    assert "499 offsets ahead of the end" in (await shopsync(*bus.options, "lag")).stdout


async def test_offsets_of_topics_and_partitions_that_are_gone_stop_nothing(shopsync, bus):
    """Offsets of a deleted topic are no lag: no service reads it."""
    gone = f"{bus.prefix}.gone.v1"
    admin = AIOKafkaAdminClient(bootstrap_servers=bus.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(gone, 20, 1)])
        group = f"{bus.prefix}.catalog.products"
        await commit(bus, group, {TopicPartition(gone, 19): 7})
        await commit(bus, f"{bus.prefix}.warehouse.reader", {TopicPartition(gone, 19): 7})
        kept = await looked(shopsync, bus)
        assert gone not in {part["topic"] for part in kept["catalog.products"]["partitions"]}
        assert {part["topic"] for part in kept["warehouse.reader"]["partitions"]} == {gone}
        await admin.delete_topics([gone])
    finally:
        await admin.close()

    async def looks() -> bool:
        found = (await looked(shopsync, bus)).get("warehouse.reader")
        return found is None or found["partitions"] == []

    await eventually(looks, what="a look after the deletion")


async def test_what_stands_behind_an_open_transaction_is_told(shopsync, bus):
    """It is not lag, because nobody can read it. But a lag of 0 alone would not explain why a product does not come."""
    topic = PRODUCT_CHANGES.full_name(bus.prefix)
    producer = AIOKafkaProducer(bootstrap_servers=bus.bootstrap, transactional_id=f"{bus.prefix}-open")
    async with producer:
        await producer.begin_transaction()
        first = await producer.send_and_wait(topic, b"{}", partition=1)
        await bus.send(PRODUCT_CHANGES, b"{}", partition=1)
        await commit(bus, f"{bus.prefix}.catalog.products", {TopicPartition(topic, 1): first.offset})
        group = (await looked(shopsync, bus))["catalog.products"]
        assert (group["lag"], group["unreadable"]) == (0, 2)
        assert of(group, PRODUCT_CHANGES, bus, 1)["unreadable"] == 2
        table = (await shopsync(*bus.options, "lag", "--group", "catalog.products")).stdout
        assert "2 offsets stand behind an open transaction" in table
        assert f"{topic}/1" in table
        await producer.commit_transaction()
    assert (await looked(shopsync, bus))["catalog.products"]["unreadable"] == 0


async def test_a_prefix_without_topics_is_no_quiet_installation(shopsync, bus):
    ended = await shopsync("--kafka", bus.bootstrap, "--prefix", f"{bus.prefix}-nope", "lag")
    assert ended.exit_code == 1
    assert f"no topic of the prefix '{bus.prefix}-nope'" in ended.stderr
    assert "`shopsync topics apply`" in ended.stderr
