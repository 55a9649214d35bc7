"""The run's side of Kafka: topics, messages, and how far each group is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import CommitFailedError, GroupCoordinatorNotAvailableError, KafkaError, UnknownMemberIdError

from shopsync_contracts import CONTENT_TYPE, Event
from shopsync_contracts.topics import PRODUCT_PARTITIONS, TopicSpec

_LINGER_MS = 20
_AT_ONCE = 1000
_LISTED_SECONDS = 15.0
_LISTED_PAUSE = 0.05
_EMPTY_SECONDS = 60.0
_EMPTY_PAUSE = 0.2
_HEADERS = [("content-type", CONTENT_TYPE.encode())]

Offsets = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The messages of one phase on one topic: from `begin` on, `messages` of them, `warm_up` of these first."""

    begin: Offsets
    messages: int
    warm_up: int


class Streams:
    """Topics and offsets of the run."""

    def __init__(self, bootstrap: str, admin: AIOKafkaAdminClient, producer: AIOKafkaProducer) -> None:
        self._bootstrap = bootstrap
        self._admin = admin
        self._producer = producer

    async def create(self, topics: Mapping[str, TopicSpec]) -> None:
        """Create topics (full names) with the settings of the declared ones."""
        wanted = [
            NewTopic(name, num_partitions=spec.partitions, replication_factor=1, topic_configs=spec.config())
            for name, spec in topics.items()
        ]
        for name, code, *message in (await self._admin.create_topics(wanted)).topic_errors:
            if code:
                raise RuntimeError(f"cannot create topic {name}: {message}")
        async with asyncio.timeout(_LISTED_SECONDS):
            # The controller knows them a moment before the broker does, which sends no event.
            while not topics.keys() <= set(await self._admin.list_topics()):  # noqa: ASYNC110
                await asyncio.sleep(_LISTED_PAUSE)

    async def delete(self, prefix: str) -> None:
        """Delete every topic whose name begins so. The next round has its own; the old ones only fill the disk."""
        names = [name for name in await self._admin.list_topics() if name.startswith(prefix)]
        with contextlib.suppress(KafkaError):
            await self._admin.delete_topics(names)

    async def publish(self, topic: str, events: Iterable[Event[Any]]) -> int:
        """Publish in order, each acknowledged when it returns. Returns how many."""
        return await self.publish_bytes(topic, ((event.key(), event.to_bytes()) for event in events))

    async def publish_bytes(self, topic: str, messages: Iterable[tuple[bytes, bytes]]) -> int:
        """The same for keys and values that are bytes already."""
        pending: list[asyncio.Future[Any]] = []
        sent = 0
        for key, value in messages:
            pending.append(await self._producer.send(topic, value, key=key, headers=_HEADERS))
            sent += 1
            if len(pending) == _AT_ONCE:
                await asyncio.gather(*pending)
                pending.clear()
        await asyncio.gather(*pending)
        return sent

    async def ends(self, topic: str) -> dict[TopicPartition, int]:
        """The offset after the last message of each partition."""
        async with self._reader(None) as consumer:
            ends: dict[TopicPartition, int] = await consumer.end_offsets(_partitions(topic))
            return ends

    async def done(self, group: str, begin: Offsets) -> int:
        """How many messages after `begin` the group has committed. Nothing is done where it has no offset yet."""
        try:
            known = await self._admin.list_consumer_group_offsets(group, partitions=list(begin))
        except GroupCoordinatorNotAvailableError:  # the first group of a fresh broker has its coordinator a bit later
            return 0
        return sum(max(known[tp].offset - first, 0) for tp, first in begin.items() if tp in known)

    async def joined(self, group: str, members: int, seconds: float) -> None:
        """Wait until so many members share the group's partitions. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while await self._members(group) != members:  # noqa: ASYNC110 - Kafka sends no event
                await asyncio.sleep(_EMPTY_PAUSE)

    async def _members(self, group: str) -> int:
        """How many members a group has that is not being rebalanced; else 0."""
        (answer,) = await self._admin.describe_consumer_groups([group])
        ((_code, _group, state, _kind, _protocol, members, *_),) = answer.groups
        return len(members) if state == "Stable" else 0

    async def set_back(self, group: str, begin: Offsets) -> None:
        """Let the group read again from `begin`. Waits until nobody is in the group: a member may still be leaving."""
        async with self._reader(group) as consumer, asyncio.timeout(_EMPTY_SECONDS):
            consumer.assign(list(begin))
            while True:
                try:
                    await consumer.commit(dict(begin))
                except (CommitFailedError, UnknownMemberIdError):
                    await asyncio.sleep(_EMPTY_PAUSE)
                else:
                    return

    @contextlib.asynccontextmanager
    async def _reader(self, group: str | None) -> AsyncIterator[AIOKafkaConsumer]:
        async with AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=group,
            enable_auto_commit=False,
            isolation_level="read_committed",
        ) as consumer:
            yield consumer


@contextlib.asynccontextmanager
async def connected(bootstrap: str) -> AsyncIterator[Streams]:
    """Streams on this broker."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        linger_ms=_LINGER_MS,
    )
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    async with producer:
        await admin.start()
        try:
            yield Streams(bootstrap, admin, producer)
        finally:
            await admin.close()


def _partitions(topic: str) -> Sequence[TopicPartition]:
    return [TopicPartition(topic, number) for number in range(PRODUCT_PARTITIONS)]
