"""A group reads its other topics before a bulk topic, and loses nothing by it."""

import dataclasses
from collections import Counter

import pytest
import pytest_asyncio
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException

from shopsync_runtime import Runtime
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_testkit.polling import eventually

MANY = 3_000


@pytest.fixture
def bulk(spec):
    return dataclasses.replace(spec, name="bulk.v1", bulk=True)


@pytest_asyncio.fixture(loop_scope="session")
async def publish(kafka_bootstrap, topic_prefix, topics, bulk, producer, make_event):
    """`await publish(spec, numbers)`: one message each, on both partitions in turn."""
    await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, [bulk])

    async def send(spec, numbers):
        topic = spec.full_name(topic_prefix)
        for number in numbers:
            event = make_event(number)
            await producer.send(topic, event.to_bytes(), key=event.key(), partition=number % 2)
        await producer.flush()

    return send


async def nothing():
    """What most tests do after a batch."""


class Handled:
    """A handler that counts messages by topic, and calls `after` after each batch."""

    def __init__(self):
        self.by_topic = Counter()
        self.batches = 0
        self.after = nothing

    async def __call__(self, batch):
        self.by_topic.update(delivery.spec.name for delivery in batch)
        self.batches += 1
        await self.after()
        return []


async def test_an_urgent_message_does_not_wait_for_what_is_fetched_of_a_bulk_topic(
    common, spec, bulk, publish, running
):
    await publish(bulk, range(2 * MANY))
    handled, before, bulk_meanwhile = Handled(), 5, []

    async def after():
        if handled.batches == before:
            await publish(spec, [1])
        if not bulk_meanwhile and handled.by_topic[spec.name]:
            bulk_meanwhile.append(handled.by_topic[bulk.name] - 20 * before)

    handled.after = after
    runtime = Runtime("probe", common)
    runtime.consume("products", [bulk, spec], handled, max_records=20)
    async with running(runtime):
        await eventually(lambda: handled.by_topic.total() == 2 * MANY + 1)
    assert bulk_meanwhile[0] < MANY, "it waits until a fetch brings it, not for both partitions of the bulk topic"


async def test_the_bulk_topic_goes_on_beside_many_urgent_messages(common, spec, bulk, publish, running):
    await publish(bulk, range(2 * MANY))
    handled, before, bulk_meanwhile = Handled(), 5, []

    async def after():
        if handled.batches == before:
            await publish(spec, range(MANY))
        if not bulk_meanwhile and handled.by_topic[spec.name] == MANY:
            bulk_meanwhile.append(handled.by_topic[bulk.name] - 20 * before)

    handled.after = after
    runtime = Runtime("probe", common)
    runtime.consume("products", [bulk, spec], handled, max_records=20)
    async with running(runtime):
        await eventually(lambda: handled.by_topic.total() == 3 * MANY)
    assert bulk_meanwhile[0] > MANY // 6, "a quarter of each batch"


async def test_a_bulk_record_that_cannot_be_read_loses_no_urgent_message(
    common, spec, bulk, publish, running, monkeypatch
):
    unpack = PartitionRecords._consumer_record
    faults = []

    def failing(self, tp, record):
        if tp.topic.endswith(bulk.name) and record.offset == 30 and len(faults) < 3:
            faults.append(tp)
            raise CorruptRecordException("Invalid CRC")
        return unpack(self, tp, record)

    monkeypatch.setattr(PartitionRecords, "_consumer_record", failing)
    await publish(bulk, range(100))
    await publish(spec, range(100))
    handled = Handled()
    runtime = Runtime("probe", common)
    runtime.consume("products", [bulk, spec], handled, max_records=40)
    async with running(runtime):
        await eventually(lambda: handled.by_topic == {spec.name: 100, bulk.name: 100})
    assert len(faults) == 3
