"""A record that the broker refuses breaks its partition's sequence: another producer takes over, nothing is lost."""

import asyncio
import dataclasses
import os
import types

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, OutOfOrderSequenceNumber, for_code
from aiokafka.protocol.produce import ProduceRequest

from shopsync_contracts.topics import DEAD_LETTERS
from shopsync_runtime import Runtime, consumer_group, each
from shopsync_runtime.consuming.partitions import Partitions
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.messages import MAX_REQUEST
from shopsync_runtime.kafka.producer import MessageTooLarge, OutgoingMessage, Producer, ProducerBroken
from shopsync_testkit.polling import eventually

# Everything that a broker answers to a produce request for good: Kafka's error codes that aiokafka does not repeat.
REFUSALS = {
    -1: "UNKNOWN_SERVER_ERROR",
    2: "CORRUPT_MESSAGE",
    10: "MESSAGE_TOO_LARGE",
    17: "INVALID_TOPIC_EXCEPTION",
    18: "RECORD_LIST_TOO_LARGE",
    29: "TOPIC_AUTHORIZATION_FAILED",
    31: "CLUSTER_AUTHORIZATION_FAILED",
    32: "INVALID_TIMESTAMP",
    43: "UNSUPPORTED_FOR_MESSAGE_FORMAT",
    44: "POLICY_VIOLATION",
    45: "OUT_OF_ORDER_SEQUENCE_NUMBER",
    47: "INVALID_PRODUCER_EPOCH",
    59: "UNKNOWN_PRODUCER_ID",
    76: "UNSUPPORTED_COMPRESSION_TYPE",
    87: "INVALID_RECORD",
    90: "PRODUCER_FENCED",
}


@pytest.fixture
def topic(common, spec):
    return spec.full_name(common.topic_prefix)


@pytest.fixture
def spec(spec):
    """One partition, so a failure affects all."""
    return dataclasses.replace(spec, partitions=1)


@pytest.fixture
async def started(common, topics):
    producer = Producer(KafkaConnection.of(common), client_id="probe")
    await producer.start()
    yield producer
    await producer.stop()


@pytest.fixture
def values(read_topic, topic):
    async def read():
        return [record.value for record in await read_topic(topic)]

    return read


def message(topic, value, key=b"k"):
    return OutgoingMessage(topic, value, key)


def answering(producer, topic, code):
    """The next batch does not reach the broker and is answered with this code."""
    client = producer._producer.client
    send, answered = client.send, []

    async def refuse(node_id, request, **how):
        if not isinstance(request, ProduceRequest) or answered:
            return await send(node_id, request, **how)
        answered.append(code)
        return types.SimpleNamespace(API_VERSION=7, topics=[(topic, [(0, code, -1, -1, -1)])])

    client.send = refuse
    return answered


def test_every_code_is_one_that_is_not_repeated():
    assert [code for code in REFUSALS if for_code(code).retriable] == []


@pytest.mark.parametrize("code", REFUSALS, ids=REFUSALS.get)
async def test_whatever_is_refused_the_next_send_succeeds(started, topic, values, code):
    await started.send_all([message(topic, b"1")])
    assert answering(started, topic, code) == []
    with pytest.raises(ProducerBroken, match=topic):
        await started.send_all([message(topic, b"2"), message(topic, b"3")])
    assert started.fault is not None
    assert topic in started.fault
    await started.send_all([message(topic, b"2"), message(topic, b"3")])
    await started.send_all([message(topic, b"4")])
    assert started.fault is None
    assert await values() == [b"1", b"2", b"3", b"4"]


async def test_a_batch_that_expired_without_a_leader_used_its_numbers(started, topic, values):
    """The error is retryable, but the partition would accept nothing more."""
    await started.send_all([message(topic, b"1")])
    accumulator = started._producer._message_accumulator
    leaders, accumulator._cluster = accumulator._cluster, types.SimpleNamespace(leader_for_partition=lambda _tp: -1)
    accumulator._batch_ttl = 0.0
    with pytest.raises(ProducerBroken, match="LeaderNotAvailable"):
        await started.send_all([message(topic, b"2")])
    accumulator._cluster = leaders
    await started.send_all([message(topic, b"2")])
    assert await values() == [b"1", b"2"]


async def test_a_sender_that_died_is_replaced(started, topic, values):
    """aiokafka's background task ends on an error it does not know, and every send after it fails."""

    async def bug(*_args, **_kwargs):
        raise RuntimeError("a bug in the client")

    started._producer.client.send = bug
    for _ in range(2):
        with pytest.raises((ProducerBroken, KafkaError)):
            await started.send_all([message(topic, b"1")])
        await eventually(lambda: started.fault is None)
        if started._producer.client.send is not bug:
            break
    await started.send_all([message(topic, b"1")])
    assert await values() == [b"1"]


async def test_everybody_who_sends_meanwhile_gets_through_in_order(started, topic, read_topic):
    """Twenty callers and repeated refusals: each retries what failed; no message is lost or reordered."""
    sent = {}

    async def caller(number):
        key = b"%d" % number
        for count in range(10):
            while True:
                try:
                    await started.send_all([message(topic, b"%d" % count, key)])
                    break
                except (ProducerBroken, KafkaError):
                    await asyncio.sleep(0.01)
            sent.setdefault(key, []).append(count)
            await asyncio.sleep(number / 2000)

    async def breaker():
        for code in (10, 45, 59, 47):
            await asyncio.sleep(0.05)
            if started._producer is not None:
                answering(started, topic, code)

    await asyncio.gather(breaker(), *(caller(number) for number in range(20)))
    seen = {}
    for record in await read_topic(topic):
        numbers = seen.setdefault(record.key, [])
        if int(record.value) not in numbers:
            numbers.append(int(record.value))
    assert seen == sent == {b"%d" % number: list(range(10)) for number in range(20)}


async def test_the_fact_it_rests_on(kafka_bootstrap, topics, topic, admin):
    """aiokafka alone never recovers from a refused record."""
    await take_at_most(admin, topic, 100_000)
    async with AIOKafkaProducer(
        bootstrap_servers=kafka_bootstrap, enable_idempotence=True, max_request_size=4 * 1024 * 1024
    ) as alone:
        await alone.send_and_wait(topic, b"1", key=b"k")
        with pytest.raises(MessageSizeTooLargeError):
            await alone.send_and_wait(topic, os.urandom(200_000), key=b"k")
        for _ in range(2):
            with pytest.raises(OutOfOrderSequenceNumber):
                await alone.send_and_wait(topic, b"2", key=b"k")


@pytest.fixture
async def admin(kafka_bootstrap):
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await client.start()
    yield client
    await client.close()


async def take_at_most(admin, topic, limit):
    """A value that an operator may have set, different from the declaration."""
    setting = {"max.message.bytes": str(limit)}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, setting)])


async def test_a_topic_that_takes_less_than_declared_refuses_by_name_from_the_second_time_on(
    started, topic, values, admin
):
    await take_at_most(admin, topic, 100_000)
    big = message(topic, os.urandom(200_000))
    with pytest.raises(ProducerBroken, match="MessageSizeTooLarge"):
        await started.send_all([message(topic, b"1"), big, message(topic, b"2")])
    with pytest.raises(MessageTooLarge, match=rf"{topic} has 200\d\d\d bytes, at most 100000") as refusal:
        await started.send_all([message(topic, b"1"), big, message(topic, b"2")])
    assert (refusal.value.topic, refusal.value.limit) == (topic, 100_000)
    await started.send_all([message(topic, b"1"), message(topic, b"2")])
    assert (await values())[-2:] == [b"1", b"2"]


async def test_what_is_declared_too_large_is_never_sent_and_breaks_nothing(started, topic, values, spec):
    limit = spec.max_message_bytes
    with pytest.raises(MessageTooLarge, match=f"at most {limit} are taken"):
        await started.send_all([message(topic, b"1"), message(topic, os.urandom(limit))])
    assert started.fault is None
    await started.send_all([message(topic, b" " * (2 * limit)), message(topic, b"2")])
    assert [len(value) for value in await values()] == [2 * limit, 1], "what fits compressed is taken"


async def test_a_service_loses_nothing_and_says_that_it_is_not_ready(
    common, topics, spec, make_event, producer, running, committed, read_topic, kafka_bootstrap, monkeypatch
):
    """The batch is retried, its messages are sent again, and /readyz reports it meanwhile."""
    answers = dataclasses.replace(DEAD_LETTERS, name="answers.v1", partitions=1)
    await apply_topics(KafkaConnection(kafka_bootstrap), common.topic_prefix, [answers])
    out = answers.full_name(common.topic_prefix)
    runtime = Runtime("probe", common)
    reports, gate = [], asyncio.Event()

    async def handle(delivery):
        try:
            await runtime.producer.send_all([message(out, delivery.event.id.encode(), delivery.key)])
        except ProducerBroken:
            reports.append(await runtime.readyz())
            raise

    connected = runtime.producer._connected

    async def slowly():
        if reports or runtime.producer.fault:
            await gate.wait()
        return await connected()

    monkeypatch.setattr(runtime.producer, "_connected", slowly)
    runtime.consume("commands", [spec], each(handle), max_records=1)
    runtime.subscriptions[0].partitions = Partitions(delay=lambda _: 0.05)
    topic = spec.full_name(common.topic_prefix)
    async with running(runtime):
        answering(runtime.producer, out, 10)
        for number in range(5):
            event = make_event(number)
            await producer.send_and_wait(topic, event.to_bytes(), key=event.key(), partition=0)
        await eventually(lambda: reports)
        assert reports[0].checks["producer"].startswith("being replaced")
        assert not reports[0].ok
        gate.set()
        group = consumer_group(common.topic_prefix, "probe", "commands")

        async def all_committed():
            return await committed(group) == {(topic, 0): 5}

        await eventually(all_committed)
        assert (await runtime.readyz()).checks["producer"] == "ok"
    assert [record.value for record in await read_topic(out)] == [b"e0", b"e1", b"e2", b"e3", b"e4"]


@pytest.mark.parametrize(("size", "kept"), [(MAX_REQUEST // 2, True), (MAX_REQUEST + 1, False)])
async def test_a_message_that_only_fits_compressed_becomes_a_dead_letter(
    common, topics, spec, make_event, running, committed, read_topic, kafka_bootstrap, size, kept
):
    runtime = Runtime("probe", common)
    handled = []

    async def handle(delivery):
        handled.append(delivery.event.id)

    runtime.consume("commands", [spec], each(handle))
    topic = spec.full_name(common.topic_prefix)
    huge = b" " * size
    async with AIOKafkaProducer(
        bootstrap_servers=kafka_bootstrap, compression_type="gzip", max_request_size=2 * len(huge)
    ) as gzipped:
        await gzipped.send_and_wait(topic, huge, key=b"demo/P-1", headers=[("own", b"1")])
        await gzipped.send_and_wait(topic, make_event(1).to_bytes(), key=make_event(1).key())
    async with running(runtime):
        await eventually(lambda: handled == ["e1"])
    [letter] = await read_topic(DEAD_LETTERS.full_name(common.topic_prefix))
    headers = dict(letter.headers)
    assert (letter.key, headers["own"], headers["x-offset"]) == (b"demo/P-1", b"1", b"0")
    if kept:
        assert letter.value == huge
        assert "x-left-out" not in headers
    else:
        assert (letter.value, headers["x-left-out"], headers["x-value-bytes"]) == (b"", b"value", b"%d" % len(huge))
