"""The command line reads what was committed, past offsets that hold no message."""

from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from shopsync_cli.errors import CommandFailed
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.records import read_record, read_to_end, seek_to_end
from shopsync_contracts.topics import REPORTS
from shopsync_runtime.kafka.connection import KafkaConnection


@pytest.fixture
async def story(bus):
    """Committed 0, marker 1, aborted 2, marker 3, committed 4, marker 5, open 6."""
    name = bus_topic(bus)
    async with AIOKafkaProducer(bootstrap_servers=bus.bootstrap, transactional_id=bus.prefix) as producer:
        for value, ending in ((b"a", "commit"), (b"gone", "abort"), (b"b", "commit"), (b"open", None)):
            await producer.begin_transaction()
            await producer.send_and_wait(name, value, partition=0)
            if ending == "commit":
                await producer.commit_transaction()
            elif ending == "abort":
                await producer.abort_transaction()
        yield TopicPartition(name, 0), producer
        await producer.abort_transaction()


def bus_topic(bus):
    return REPORTS.full_name(bus.prefix)


@asynccontextmanager
async def reading(bus):
    async with Cluster(KafkaConnection(bus.bootstrap), bus.prefix).consumer() as consumer:
        yield consumer


async def test_a_command_reads_to_the_end_of_what_is_committed(bus, story):
    part, _ = story
    parts = [part, TopicPartition(part.topic, 1)]
    async with reading(bus) as consumer:
        assert [record.value async for record in read_to_end(consumer, parts)] == [b"a", b"b"]


async def test_a_wait_for_what_comes_next_does_not_take_what_is_aborted(bus, story):
    part, producer = story
    async with reading(bus) as consumer:
        await seek_to_end(consumer, [part])
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(part.topic, b"next", partition=0)
        async for record in consumer:
            assert record.value == b"next"
            break
        await producer.begin_transaction()


@pytest.mark.parametrize(
    ("offset", "said"),
    [(1, "holds no message.*the next is 4"), (2, "holds no message.*the next is 4"), (5, "there is none after it")],
)
async def test_an_offset_without_a_message_says_so(bus, story, offset, said):
    part, _ = story
    async with reading(bus) as consumer:
        assert (await read_record(consumer, part, 4)).value == b"b"
        with pytest.raises(CommandFailed, match=said):
            await read_record(consumer, part, offset)
