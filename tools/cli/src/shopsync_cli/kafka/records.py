"""Reading topics without a consumer group: to their present end, from now on, or one record."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shopsync_cli.errors import CommandFailed

Record: TypeAlias = "ConsumerRecord[bytes | None, bytes | None]"
Consumer: TypeAlias = "AIOKafkaConsumer[bytes | None, bytes | None]"

Place = tuple[str, int, int]
"""Full topic name, partition, offset: identifies a message."""

_POLL_MS = 500
_STALL_SECONDS = 30.0


async def read_to_end(consumer: Consumer, partitions: Iterable[TopicPartition]) -> AsyncIterator[Record]:
    """Every record from the oldest to the end offsets of this moment.

    Order within a partition is Kafka's. Raises CommandFailed when a partition returns nothing for 30 s.
    """
    parts = list(partitions)
    consumer.assign(parts)
    ends = await consumer.end_offsets(parts)
    starts = await consumer.beginning_offsets(parts)
    open_parts = {part for part in parts if starts[part] < ends[part]}
    for part in parts:
        consumer.seek(part, starts[part])
    consumer.pause(*(set(parts) - open_parts))
    loop = asyncio.get_running_loop()
    progress = loop.time()
    while open_parts:
        batches = await consumer.getmany(*open_parts, timeout_ms=_POLL_MS)
        for part, records in batches.items():
            for record in records:
                if record.offset < ends[part]:
                    yield record
        done = {part for part in open_parts if await consumer.position(part) >= ends[part]}
        if batches or done:
            progress = loop.time()
        elif loop.time() - progress > _STALL_SECONDS:
            stuck = ", ".join(f"{part.topic}/{part.partition}" for part in sorted(open_parts))
            raise CommandFailed(f"no records for {_STALL_SECONDS:g} s although there should be some: {stuck}")
        if done:
            consumer.pause(*done)
            open_parts -= done


async def seek_to_end(consumer: Consumer, partitions: Iterable[TopicPartition]) -> None:
    """What is published after this call returns will be read."""
    parts = list(partitions)
    consumer.assign(parts)
    for part, end in (await consumer.end_offsets(parts)).items():
        consumer.seek(part, end)


async def seek_to_start(consumer: Consumer, partitions: Iterable[TopicPartition]) -> None:
    """The oldest record will be read first."""
    parts = list(partitions)
    consumer.assign(parts)
    for part, start in (await consumer.beginning_offsets(parts)).items():
        consumer.seek(part, start)


async def read_record(consumer: Consumer, part: TopicPartition, offset: int) -> Record:
    """The record at exactly this place. Raises CommandFailed that says which offsets there are."""
    consumer.assign([part])
    start = (await consumer.beginning_offsets([part]))[part]
    end = (await consumer.end_offsets([part]))[part]
    if not start <= offset < end:
        there = f"offsets {start} to {end - 1}" if end > start else "no records"
        raise CommandFailed(f"{part.topic}/{part.partition} has no offset {offset}; it holds {there}")
    consumer.seek(part, offset)
    record = await _next(consumer, part, end)
    if record is None or record.offset != offset:
        following = "there is none after it" if record is None else f"the next is {record.offset}"
        raise CommandFailed(
            f"{part.topic}/{part.partition}: offset {offset} holds no message (removed, aborted or the mark of a"
            f" transaction); {following}"
        )
    return record


async def _next(consumer: Consumer, part: TopicPartition, end: int) -> "Record | None":
    async with asyncio.timeout(_STALL_SECONDS):
        while await consumer.position(part) < end:
            for record in (await consumer.getmany(part, timeout_ms=_POLL_MS, max_records=1)).get(part, []):
                return record
    return None
