"""A record that aiokafka cannot unpack: nothing else may be lost with it, and everything else goes on."""

import struct

import pytest
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBase
from aiokafka.record.util import calc_crc32c
from prometheus_client import REGISTRY

from shopsync_runtime import Runtime, consumer_group
from shopsync_runtime.kafka import consumer
from shopsync_runtime.kafka.unpacking import MAX_UNPACKED_BYTES
from shopsync_testkit.polling import eventually

UNREADABLE = b"unreadable"


def stuck(topic, partition):
    labels = {"group": f"{topic.partition('.')[0]}.p.c", "topic": topic, "partition": str(partition)}
    return REGISTRY.get_sample_value("shopsync_partition_stuck", labels)


def header_name():
    b"\xff".decode()


def checksum():
    raise CorruptRecordException("Invalid CRC")


@pytest.fixture(autouse=True)
def soon_again(monkeypatch):
    """An unreadable record is retried sooner than in production."""
    monkeypatch.setattr(consumer, "_STUCK_AGAIN_SECONDS", 0.3)


@pytest.fixture
def heal(monkeypatch):
    """Records with this value fail where those do whose bytes are wrong; returns how to end that."""

    def begin(fault):
        unpack = PartitionRecords._consumer_record

        def failing(self, tp, record):
            if record.value == UNREADABLE:
                fault()
            return unpack(self, tp, record)

        monkeypatch.setattr(PartitionRecords, "_consumer_record", failing)
        return lambda: monkeypatch.setattr(PartitionRecords, "_consumer_record", unpack)

    return begin


@pytest.mark.parametrize("fault", [header_name, checksum])
@pytest.mark.parametrize("bad", [0, 1])
async def test_nothing_is_lost_beside_a_record_that_cannot_be_read(
    common, topics, spec, make_event, running, producer, committed, heal, fault, bad
):
    topic, group, good = spec.full_name(common.topic_prefix), consumer_group(common.topic_prefix, "p", "c"), 1 - bad
    handled: list[str] = []

    async def handle(batch):
        handled.extend(delivery.event.id for delivery in batch)
        return []

    async def send(number, partition):
        event = make_event(number)
        await producer.send_and_wait(topic, event.to_bytes(), key=event.key(), partition=partition)

    await send(1, bad)
    await send(2, bad)
    await producer.send_and_wait(topic, UNREADABLE, key=b"demo/x", partition=bad)
    await send(3, bad)
    for number in range(11, 21):
        await send(number, good)
    end = heal(fault)
    runtime = Runtime("p", common)
    runtime.consume("c", [spec], handle, max_records=500)
    with structlog.testing.capture_logs() as logs:
        async with running(runtime):
            await eventually(lambda: {"e1", "e2", *(f"e{number}" for number in range(11, 21))} <= set(handled))
            await send(21, good)
            await eventually(lambda: handled[-1] == "e21")
            await eventually(lambda: [one for one in logs if "stands still" in one["event"]])
            assert (await committed(group))[topic, bad] == 2
            place = f"partition {topic}/{bad}"
            assert place in (await runtime.readyz()).notes
            assert stuck(topic, bad) == 1
            end()
            await eventually(lambda: "e3" in handled)
            await eventually(lambda: stuck(topic, bad) == 0)
            assert place not in (await runtime.readyz()).notes
    assert handled.count("e3") == 1
    assert len(handled) == len(set(handled)), "and nothing comes twice"
    [told] = [one for one in logs if "stands still" in one["event"]]
    assert (told["partition"], told["offset"]) == (bad, 2)


async def publish_no_text(kafka_bootstrap, topic):
    """A record with a header name that is not UTF-8, and a valid checksum."""
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as other:
        batch = other.create_batch()
        batch.append(key=b"demo/x", value=b"x", timestamp=None, headers=[("name", b"")])
        broken = bytearray(batch._build().replace(b"name", b"\x8e\xed\x97\xde"))
        checksum = calc_crc32c(broken[DefaultRecordBase.ATTRIBUTES_OFFSET :])
        struct.pack_into(">I", broken, DefaultRecordBase.CRC_OFFSET, checksum)
        batch._buffer = broken
        await (await other.send_batch(batch, topic, partition=0))


def publish_large(codec):
    async def publish(kafka_bootstrap, topic):
        async with AIOKafkaProducer(
            bootstrap_servers=kafka_bootstrap, compression_type=codec, max_request_size=2 * MAX_UNPACKED_BYTES
        ) as other:
            await other.send_and_wait(topic, bytes(MAX_UNPACKED_BYTES), key=b"demo/x", partition=0)

    return publish


FAULTS = {"header": publish_no_text, **{codec: publish_large(codec) for codec in ("gzip", "lz4", "zstd")}}


@pytest.mark.parametrize("publish", FAULTS.values(), ids=FAULTS.keys())
async def test_a_batch_that_a_broker_takes_and_nobody_can_read_is_shown(
    common, topics, spec, make_event, running, producer, kafka_bootstrap, publish
):
    """Alive and ready meanwhile: another process would read the same bytes, and the other partition goes on."""
    topic = spec.full_name(common.topic_prefix)
    handled: list[str] = []

    async def handle(batch):
        handled.extend(delivery.event.id for delivery in batch)
        return []

    await publish(kafka_bootstrap, topic)
    runtime = Runtime("p", common)
    [held] = [runtime.consume("c", [spec], handle)]
    async with running(runtime):
        await eventually(lambda: stuck(topic, 0) == 1)
        event = make_event(1)
        await producer.send_and_wait(topic, event.to_bytes(), key=event.key(), partition=1)
        await eventually(lambda: handled == ["e1"])
        report = await runtime.readyz()
        assert "stands still before offset 0" in report.notes[f"partition {topic}/0"]
        assert all(text == "ok" for check, text in report.checks.items() if check != "mongo")
        await eventually(held.tick)
        before = held.progress.attempted_at
        await eventually(lambda: held.progress.attempted_at > before)


async def test_who_takes_a_partition_over_that_stands_still_says_so(
    common, topics, spec, make_event, running, producer, kafka_bootstrap
):
    """The note moves with the partition: the process that lost it no longer reports it as stuck."""
    topic = spec.full_name(common.topic_prefix)
    handled: list[str] = []

    async def handle(batch):
        handled.extend(delivery.event.id for delivery in batch)
        return []

    await publish_no_text(kafka_bootstrap, topic)
    names = ("z", "a", "b")  # partitions are given out by name: the first to come holds none in the end
    replicas = [Runtime("p", common.model_copy(update={"instance_id": name})) for name in names]
    held = [runtime.consume("c", [spec], handle) for runtime in replicas]

    def assigned():
        return [len(one.consumer.assignment()) for one in held]

    async with running(replicas[0]):
        await eventually(lambda: stuck(topic, 0) == 1)
        async with running(replicas[1]), running(replicas[2]):
            await eventually(lambda: assigned() == [0, 1, 1])
            event = make_event(1)
            await producer.send_and_wait(topic, event.to_bytes(), key=event.key(), partition=1)
            await eventually(lambda: handled == ["e1"])
            await eventually(lambda: [len(one.polling.stuck.notes()) for one in held] in ([0, 1, 0], [0, 0, 1]))
