"""What Kafka holds: the log of a topic, and how far groups have committed."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import ConsumerRecord

Record: TypeAlias = "ConsumerRecord[Any, Any]"


@dataclass(frozen=True, slots=True)
class Log:
    """Reads committed messages. Made by `reading`."""

    bootstrap_servers: str
    _admin: AIOKafkaAdminClient

    async def partitions(self, topics: Sequence[str]) -> list[TopicPartition]:
        """The partitions of topics (full names)."""
        return [
            TopicPartition(described["topic"], partition["partition"])
            for described in await self._admin.describe_topics(list(topics))
            for partition in described["partitions"]
        ]

    async def records(self, topics: Sequence[str]) -> list[Record]:
        """Everything that the topics hold now, in order per partition."""
        partitions = await self.partitions(topics)
        found: list[Record] = []
        async with self._consumer() as consumer:
            ends = await consumer.end_offsets(partitions)
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            while any([await consumer.position(each) < ends[each] for each in partitions]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += records
        return found

    async def behind(self, groups: Mapping[str, Sequence[str]]) -> dict[str, int]:
        """For each group (name → full names of its topics) that has not committed up to the ends: by how much."""
        async with self._consumer() as consumer:
            found = {}
            for group, topics in groups.items():
                partitions = await self.partitions(topics)
                ends = {one: end for one, end in (await consumer.end_offsets(partitions)).items() if end}
                committed = await self._admin.list_consumer_group_offsets(group, partitions=list(ends)) if ends else {}
                reached = {one: committed[one].offset if one in committed else 0 for one in ends}
                if missing := sum(end - max(reached[one], 0) for one, end in ends.items() if reached[one] != end):
                    found[group] = missing
            return found

    @contextlib.asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        async with AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap_servers, isolation_level="read_committed", enable_auto_commit=False
        ) as consumer:
            yield consumer


@contextlib.asynccontextmanager
async def reading(bootstrap_servers: str) -> AsyncIterator[Log]:
    """A reader with connections of its own."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        yield Log(bootstrap_servers, admin)
    finally:
        await admin.close()
