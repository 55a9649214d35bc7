from collections.abc import Sequence
from dataclasses import dataclass

import stamina
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from shopsync_runtime.errors import StartError
from shopsync_runtime.kafka.admin import admin_client, partitions_of
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.consumer import reader

_COORDINATOR_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Barrier:
    """The ends of some topics at one time, to compare with the offsets of a consumer group.

    Guarantee: once `passed`, every message that could be read before the barrier was created has been handled by the
    group or removed by retention. The end is the last stable offset, so a transaction that is open when the barrier is
    created counts as later. Markers, aborted and compacted records are not messages; the group's members commit past
    them (`consuming.polling`).
    """

    connection: KafkaConnection
    group: str
    ends: dict[TopicPartition, int]

    async def passed(self) -> bool:
        """Whether the group has committed past every end. Raises KafkaError when the broker is down."""
        behind = await self.behind()
        return not behind

    async def behind(self) -> dict[TopicPartition, int]:
        """Number of offsets that each partition is behind; empty when the barrier is passed."""
        if not self.ends:
            return {}
        committed = await _committed(self.connection, self.group, list(self.ends))
        behind = {}
        for partition, end in self.ends.items():
            known = committed.get(partition)
            reached = known.offset if known is not None else -1
            if reached < end:
                behind[partition] = end - max(reached, 0)
        return await self._still_stored(behind)

    async def _still_stored(self, behind: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Leave out partitions whose messages before the end were removed by retention."""
        if not behind:
            return behind
        consumer = reader(self.connection)
        try:
            await consumer.start()
            starts = await consumer.beginning_offsets(list(behind))
        finally:
            await consumer.stop()
        return {tp: lag for tp, lag in behind.items() if starts[tp] < self.ends[tp]}


def _is_transient(error: Exception) -> bool:
    return isinstance(error, KafkaError) and bool(error.retriable)


# A coordinator that is being elected or loads the group's offsets answers a moment later.
@stamina.retry(on=_is_transient, attempts=5, timeout=_COORDINATOR_SECONDS)
async def _committed(
    connection: KafkaConnection, group: str, partitions: list[TopicPartition]
) -> dict[TopicPartition, OffsetAndMetadata]:
    async with admin_client(connection) as client:
        found: dict[TopicPartition, OffsetAndMetadata] = await client.list_consumer_group_offsets(
            group, partitions=partitions
        )
    return found


async def lag_barrier(connection: KafkaConnection, group: str, topics: Sequence[str]) -> Barrier:
    """A barrier at the present ends of these topics (full names) for `group`.

    Empty partitions need no commit and are left out. Raises KafkaError, or StartError for a topic that does not exist.
    """
    known = await partitions_of(connection, topics)
    for topic in topics:
        if topic not in known:
            raise StartError(f"topic {topic} does not exist; run `shopsync topics apply`")
    partitions = [TopicPartition(topic, number) for topic, numbers in known.items() for number in numbers]
    consumer = reader(connection)
    try:
        await consumer.start()
        ends = await consumer.end_offsets(partitions)
        starts = await consumer.beginning_offsets(partitions)
    finally:
        await consumer.stop()
    return Barrier(connection, group, {tp: end for tp, end in ends.items() if end > starts[tp]})
