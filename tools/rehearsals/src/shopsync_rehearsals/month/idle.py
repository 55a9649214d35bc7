"""Waiting until the pipeline has nothing left to do."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shopsync_rehearsals.month.world import World

PATIENCE = 300.0
_PAUSE = 0.03
_SOON = timedelta(minutes=2)
"""A push that is tried again within this time is still going on, such as a create whose answer was lost.
What waits longer waits for a person or for another day."""


class NotIdle(AssertionError):
    """The pipeline is still busy after PATIENCE seconds; the text says with what."""


class IdleWatch:
    """Watches consumer groups, imports, sweeps, pushes, review polls, outboxes and webhooks."""

    def __init__(
        self, world: World, groups: Mapping[str, list[str]], admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer
    ) -> None:
        self._world = world
        self._groups = groups
        self._admin = admin
        self._consumer = consumer
        self._partitions: dict[str, list[TopicPartition]] = {}
        self._busy: list[str] = []
        self._ends: dict[TopicPartition, int] = {}
        self.waited = 0.0

    async def until_idle(self) -> None:
        """Wait until nothing is found busy twice in a row, with nothing published in between. Raises NotIdle."""
        started = time.monotonic()
        while not await self._is_idle():
            self._check_patience(started)
        self.waited += time.monotonic() - started

    async def published(self, topic: str) -> int:
        """The number of messages ever published on the topic (full name)."""
        partitions = await self.partitions(topic)
        ends = await self._consumer.end_offsets(partitions)
        return sum(ends.values())

    async def partitions(self, topic: str) -> list[TopicPartition]:
        """The partitions of the topic (full name)."""
        if topic not in self._partitions:
            [described] = await self._admin.describe_topics([topic])
            numbers = sorted(partition["partition"] for partition in described["partitions"])
            self._partitions[topic] = [TopicPartition(topic, number) for number in numbers]
        return self._partitions[topic]

    async def sweep_waits_until(self) -> datetime | None:
        """When a sweep whose enumeration failed will try again; None when none is waiting."""
        waiting = {"finished": False, "not_before": {"$gt": self._world.clock()}}
        found = await self._world.database["sweeps"].find_one(waiting)
        return None if found is None else found["not_before"]

    async def _is_idle(self) -> bool:
        """Whether nothing is busy now and nothing was at the last check."""
        was_busy, ends = bool(self._busy), self._ends
        self._busy = await self._find_busy()
        idle = not self._busy and not was_busy and ends == self._ends
        if self._busy:
            await asyncio.sleep(_PAUSE)
        return idle

    def _check_patience(self, started: float) -> None:
        if time.monotonic() - started > PATIENCE:
            raise NotIdle(f"not idle within {PATIENCE:g} s: {', '.join(self._busy) or 'messages keep coming'}")

    async def _find_busy(self) -> list[str]:
        """What is busy, in words; empty when nothing is. Cheap checks come first."""
        if self._world.tiktok.webhooks.waiting:
            return ["webhooks"]
        return await self._busy_collections() or await self._busy_groups()

    async def _busy_collections(self) -> list[str]:
        now = self._world.clock()
        questions: dict[str, dict[str, Any]] = {
            "imports": {"finished": False},
            "sweeps": {"finished": False, "not_before": {"$not": {"$gt": now}}},
            "push_jobs": {"$or": [{"due_at": {"$lte": now + _SOON}}, {"owner": {"$ne": ""}}]},
            "listings": {"$or": [{"outbox.id": {"$exists": True}}, {"review_due_at": {"$lte": now}}]},
        }
        return [name for name, query in questions.items() if await self._world.database[name].find_one(query)]

    async def _busy_groups(self) -> list[str]:
        self._ends = await self._end_offsets()
        lagging = await asyncio.gather(*(self._lags(group, topics) for group, topics in self._groups.items()))
        return [
            group.removeprefix(f"{self._world.prefix}.")
            for group, lags in zip(self._groups, lagging, strict=True)
            if lags
        ]

    async def _lags(self, group: str, topics: list[str]) -> bool:
        ends = self._ends
        mine = [partition for topic in topics for partition in self._partitions[topic] if ends[partition]]
        committed = await self._admin.list_consumer_group_offsets(group, partitions=mine) if mine else {}
        return any(partition not in committed or committed[partition].offset < ends[partition] for partition in mine)

    async def _end_offsets(self) -> dict[TopicPartition, int]:
        topics = {topic for names in self._groups.values() for topic in names}
        every = [partition for topic in sorted(topics) for partition in await self.partitions(topic)]
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(every)
        return ends


@asynccontextmanager
async def watching(world: World, groups: Mapping[str, list[str]]) -> AsyncIterator[IdleWatch]:
    """A watch with connections of its own."""
    admin = AIOKafkaAdminClient(bootstrap_servers=world.bootstrap_servers)
    consumer = AIOKafkaConsumer(bootstrap_servers=world.bootstrap_servers, isolation_level="read_committed")
    try:
        await admin.start()
        await consumer.start()
        yield IdleWatch(world, groups, admin, consumer)
    finally:
        await consumer.stop()
        await admin.close()
