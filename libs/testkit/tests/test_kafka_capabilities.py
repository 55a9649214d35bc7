"""Every capability, tried on the running broker: `lacks` must hold exactly what does not work."""

import asyncio
import contextlib
import os
import sys
import time

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import OffsetAndMetadata

from shopsync_testkit.children import spawn
from shopsync_testkit.kafka import CAPABILITIES
from shopsync_testkit.pytest_plugin import eventually

PROBES = {}
MEMBER = """
import asyncio, sys
from aiokafka import AIOKafkaConsumer
async def main(bootstrap, topic, session):
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=topic, session_timeout_ms=int(session),
                                heartbeat_interval_ms=300, enable_auto_commit=False) as consumer:
        while not consumer.assignment():
            await asyncio.sleep(0.02)
        print("joined", flush=True)
        await asyncio.sleep(60)
asyncio.run(main(*sys.argv[1:]))
"""


class Bench:
    """A broker, and a topic name for this probe only."""

    def __init__(self, broker, topic, folder):
        self.broker, self.topic, self.folder = broker, topic, folder
        self.partition = TopicPartition(topic, 0)

    @contextlib.asynccontextmanager
    async def admin(self):
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker.bootstrap_servers)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    async def create(self, partitions=1, **configs):
        topic = NewTopic(self.topic, partitions, 1, topic_configs={k.replace("_", "."): v for k, v in configs.items()})
        async with self.admin() as admin:
            return (await admin.create_topics([topic])).topic_errors[0][1]

    def producer(self, **options):
        return AIOKafkaProducer(bootstrap_servers=self.broker.bootstrap_servers, acks="all", **options)

    def consumer(self, *topics, **options):
        return AIOKafkaConsumer(
            *topics,
            bootstrap_servers=self.broker.bootstrap_servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            **options,
        )

    @contextlib.asynccontextmanager
    async def abandoned(self, *topics, **options):
        """A consumer whose group may be stuck in the end, so that its stop gets only one second."""
        consumer = self.consumer(*topics, **options)
        try:
            yield consumer
        finally:
            with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(consumer.stop(), 1)

    async def send(self, *values, **options):
        async with self.producer() as producer:
            for value in values:
                await producer.send_and_wait(self.topic, value, **options)

    async def read(self, **options):
        """All records of partition 0."""
        records = []
        async with self.consumer(self.topic, **options) as consumer:
            end = (await consumer.end_offsets([self.partition]))[self.partition]
            deadline = time.monotonic() + 5
            while await consumer.position(self.partition) < end and time.monotonic() < deadline:
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    records += batch
        return records

    async def crashed_member(self, session_ms):
        """A member that joined the group named like the topic, and was killed."""
        log = self.folder / "member.log"
        command = [sys.executable, "-c", MEMBER, self.broker.bootstrap_servers, self.topic, str(session_ms)]
        child = spawn("member", command, log=log)
        await eventually(lambda: "joined" in log.read_text(), timeout=10, what="joining")
        await child.kill()


def probe(name):
    def register(function):
        PROBES[name] = function
        return function

    return register


@probe("declared-topics-only")
async def declared(bench):
    async with bench.producer(request_timeout_ms=500) as producer:
        with contextlib.suppress(KafkaError, TimeoutError):
            await asyncio.wait_for(producer.send_and_wait(bench.topic, b"x"), 1)
    async with bench.admin() as admin:
        assert bench.topic not in await admin.list_topics()


@probe("idempotent-producer")
async def idempotent(bench):
    await bench.create()
    async with bench.producer(enable_idempotence=True) as producer:
        await asyncio.gather(*[await producer.send(bench.topic, b"%d" % n) for n in range(20)])
    assert [int(record.value) for record in await bench.read()] == list(range(20))


@probe("transactions")
async def transactions(bench):
    await bench.create()
    async with bench.producer(transactional_id=bench.topic) as producer:
        for value, good in ((b"a", True), (b"b", False), (b"c", True)):
            await producer.begin_transaction()
            await producer.send_and_wait(bench.topic, value)
            await (producer.commit_transaction() if good else producer.abort_transaction())
    assert [record.value for record in await bench.read(isolation_level="read_committed")] == [b"a", b"c"]


@probe("static-membership")
async def static(bench):
    await bench.create(2)
    options = {"group_id": bench.topic, "session_timeout_ms": 6000, "heartbeat_interval_ms": 300}
    async with bench.consumer(bench.topic, group_instance_id="a", **options) as stays:
        async with bench.consumer(bench.topic, group_instance_id="b", **options) as leaves:
            await eventually(lambda: len(stays.assignment()) == len(leaves.assignment()) == 1)
            generation = stays._coordinator.generation
        async with bench.consumer(bench.topic, group_instance_id="b", **options) as returns:
            await eventually(lambda: len(returns.assignment()) == 1)
            assert stays._coordinator.generation == returns._coordinator.generation == generation


@probe("session-expiry")
async def expiry(bench):
    await bench.create(2)
    session = 6000 if "short-sessions" in bench.broker.lacks else 1500
    await bench.crashed_member(session)
    async with bench.abandoned(bench.topic, group_id=bench.topic, session_timeout_ms=session) as consumer:
        starting = asyncio.create_task(consumer.start())
        try:
            await eventually(lambda: len(consumer.assignment()) == 2, timeout=session / 1000 + 2)
        finally:
            starting.cancel()


@probe("commit-in-rebalance")
async def commit(bench):
    await bench.create(2)
    options = {"group_id": bench.topic, "session_timeout_ms": 6000, "heartbeat_interval_ms": 300}
    committed: list[int] = []

    class Finishing(ConsumerRebalanceListener):
        async def on_partitions_revoked(self, revoked):
            if revoked:
                await asyncio.sleep(0.5)  # the batch being handled, while the other member waits
                with contextlib.suppress(KafkaError):
                    await first.commit({bench.partition: 1})
                    committed.append(1)

        async def on_partitions_assigned(self, assigned):
            pass

    await bench.send(b"x", partition=0)
    async with bench.abandoned(**options) as first, bench.abandoned(bench.topic, **options) as second:
        first.subscribe([bench.topic], listener=Finishing())
        await first.start()
        await eventually(lambda: len(first.assignment()) == 2)
        starting = asyncio.create_task(second.start())
        try:
            await eventually(lambda: len(first.assignment()) == len(second.assignment()) == 1 and committed, timeout=8)
        finally:
            starting.cancel()


@probe("short-sessions")
async def short(bench):
    await bench.create()
    consumer = bench.consumer(bench.topic, group_id=bench.topic, session_timeout_ms=1500, heartbeat_interval_ms=300)
    try:
        await asyncio.wait_for(consumer.start(), 5)
        assert await eventually(consumer.assignment, timeout=5)
    finally:
        await consumer.stop()


@probe("zombie-fencing")
async def fencing(bench):
    """A member of an old generation must not move the group's offsets."""
    await bench.create()
    async with bench.abandoned(bench.topic, group_id=bench.topic) as consumer:
        await consumer.start()
        await eventually(consumer.assignment)
        consumer._coordinator.generation -= 1
        with pytest.raises(KafkaError):
            await asyncio.wait_for(consumer.commit({bench.partition: 5}), 3)
    async with bench.admin() as admin:
        assert bench.partition not in await admin.list_consumer_group_offsets(bench.topic)


@probe("group-offsets")
async def offsets(bench):
    await bench.create()
    async with bench.consumer(group_id=bench.topic) as outside:
        outside.assign([bench.partition])
        await outside.commit({bench.partition: OffsetAndMetadata(3, "why")})
        assert await outside.committed(bench.partition) == 3
    async with bench.admin() as admin:
        found = (await admin.list_consumer_group_offsets(bench.topic))[bench.partition]
    assert (found.offset, found.metadata) == (3, "why")


@probe("describe-groups")
async def groups(bench):
    await bench.create()
    async with bench.consumer(bench.topic, group_id=bench.topic) as consumer, bench.admin() as admin:
        await eventually(consumer.assignment)
        assert bench.topic in [group[0] for group in await admin.list_consumer_groups()]
        described = (await admin.describe_consumer_groups([bench.topic]))[0].groups[0]
    assert (described[2], len(described[5])) == ("Stable", 1)


@probe("topic-configs")
async def configs(bench):
    assert await bench.create(1, cleanup_policy="nonsense") != 0
    assert await bench.create(1, cleanup_policy="compact", retention_ms="60000") == 0
    resource = ConfigResource(ConfigResourceType.TOPIC, bench.topic)
    async with bench.admin() as admin:
        first = {entry[0]: entry[1] for entry in (await admin.describe_configs([resource]))[0].resources[0][4]}
        change = ConfigResource(ConfigResourceType.TOPIC, bench.topic, configs={"retention.ms": "777000"})
        assert (await admin.alter_configs([change]))[0].resources[0][0] == 0

        async def altered():
            entries = (await admin.describe_configs([resource]))[0].resources[0][4]
            return {entry[0]: entry[1] for entry in entries}["retention.ms"] == "777000"

        await eventually(altered)
    assert (first["cleanup.policy"], first["retention.ms"]) == ("compact", "60000")


@probe("create-partitions")
async def more_partitions(bench):
    await bench.create(2)
    async with bench.admin() as admin:
        await admin.create_partitions({bench.topic: NewPartitions(5)})

        async def grown():
            return len((await admin.describe_topics([bench.topic]))[0]["partitions"]) == 5

        await eventually(grown)


@probe("delete-topics")
async def deletion(bench):
    await bench.create()
    await bench.send(b"x")
    async with bench.admin() as admin:
        await admin.delete_topics([bench.topic])

    async def created_again():
        return await bench.create() == 0

    await eventually(created_again)
    assert await bench.read() == []


@probe("delete-records")
async def cutting(bench):
    await bench.create()
    await bench.send(*[b"x"] * 5)
    async with bench.admin() as admin:
        await admin.delete_records({bench.partition: RecordsToDelete(before_offset=3)})
    assert [record.offset for record in await bench.read()] == [3, 4]


@probe("compaction")
async def compaction(bench):
    await bench.create(
        cleanup_policy="compact",
        segment_bytes="1048576",
        min_cleanable_dirty_ratio="0.01",
        max_compaction_lag_ms="100",
        delete_retention_ms="100",
    )
    async with bench.producer(max_request_size=900_000) as producer:
        for key in (b"a", b"b", b"a", b"b", b"c", b"d", b"e"):
            await producer.send_and_wait(bench.topic, os.urandom(500_000), key=key)

    async def compacted():
        keys = [record.key for record in await bench.read()]
        return keys.count(b"a") == keys.count(b"b") == 1

    await eventually(compacted, timeout=15)


@probe("null-bytes")
async def nulls(bench):
    await bench.create()
    await bench.send(None, b"", key=b"k", headers=[("null", None), ("empty", b"")])
    records = await bench.read()
    assert [record.value for record in records] == [None, b""]
    assert records[0].headers == (("null", None), ("empty", b""))


@probe("compression")
async def compression(bench):
    await bench.create()
    codecs = ("gzip", "lz4", "snappy", "zstd")
    for codec in codecs:
        async with bench.producer(compression_type=codec) as producer:
            await producer.send_and_wait(bench.topic, codec.encode() * 1000)
    assert [record.value for record in await bench.read()] == [codec.encode() * 1000 for codec in codecs]


@probe("time-index")
async def times(bench):
    await bench.create(1, message_timestamp_type="CreateTime")
    for second in (1, 2, 3):
        await bench.send(b"x", timestamp_ms=1_700_000_000_000 + second * 1000)
    async with bench.consumer(bench.topic) as consumer:
        assert (await consumer.offsets_for_times({bench.partition: 1_700_000_001_500}))[bench.partition].offset == 1
    stamped = Bench(bench.broker, f"{bench.topic}.stamped", bench.folder)
    await stamped.create(1, message_timestamp_type="LogAppendTime")
    await stamped.send(b"x", timestamp_ms=1_700_000_000_000)
    (record,) = await stamped.read()
    assert record.timestamp_type == 1
    assert abs(record.timestamp / 1000 - time.time()) < 3600


@probe("size-limit")
async def size(bench):
    await bench.create()
    async with bench.producer(max_request_size=5_000_000) as producer:
        with pytest.raises(MessageSizeTooLargeError):
            await asyncio.wait_for(producer.send_and_wait(bench.topic, os.urandom(2_000_000)), 5)


async def _durability(bench, interrupt):
    await bench.create()
    await bench.send(b"1", b"2", b"3")
    async with bench.consumer(group_id=bench.topic) as consumer:
        consumer.assign([bench.partition])
        await consumer.commit({bench.partition: 2})
    await interrupt()
    assert [record.value for record in await bench.read()] == [b"1", b"2", b"3"]
    async with bench.consumer(group_id=bench.topic) as consumer:
        consumer.assign([bench.partition])

        async def offset_is_back():  # a coordinator that has just come up may not have read its offsets yet
            return await consumer.committed(bench.partition) == 2

        await eventually(offset_is_back, timeout=8)


@probe("restart-durability")
async def restart_durability(bench):
    await _durability(bench, bench.broker.restart)


@probe("crash-durability")
async def crash_durability(bench):
    async def crash():
        await bench.broker.kill()
        await bench.broker.start()

    await _durability(bench, crash)


@probe("restart")
async def restart(bench):
    await bench.broker.stop()
    await bench.broker.start()


def test_every_capability_has_a_probe():
    assert set(PROBES) == set(CAPABILITIES)


@pytest.mark.parametrize("name", PROBES)
async def test_the_published_list_is_true(name, kafka_broker, topic_prefix, tmp_path):
    if name.endswith("-durability") and "restart" in kafka_broker.lacks:
        pytest.skip(f"the {kafka_broker.backend} broker is not ours to stop")
    bench = Bench(kafka_broker, f"{topic_prefix}.{name}", tmp_path)
    failure = None
    try:
        async with asyncio.timeout(25):
            await PROBES[name](bench)
    except Exception as error:  # noqa: BLE001 - a lacking capability may fail in any way
        failure = error
    if name in kafka_broker.lacks:
        assert failure is not None, f"{kafka_broker.backend} can do {name} after all: take it off the list"
    elif failure is not None:
        raise failure
