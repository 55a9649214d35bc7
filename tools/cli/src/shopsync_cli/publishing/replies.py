"""What the services publish from some moment on: dead letters, reports, and the parts of bulk edits."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import TopicPartition

from shopsync_cli.errors import CommandFailed
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.records import Consumer, Place, Record, seek_to_end
from shopsync_cli.letters.letter import Letter, letter_of
from shopsync_cli.publishing.outcomes import Sent
from shopsync_contracts import ContractError, Event, ShopBody, TopicSpec, parse
from shopsync_contracts.events import BulkEditCompleted
from shopsync_contracts.topics import DEAD_LETTERS, REPORTS, TOOL_EDITS
from shopsync_readmodel.stored.replies import BulkReport

_POLL_MS = 200
_STALL_SECONDS = 30.0


class Replies:
    """Reads the three topics without a consumer group. Enter it before publishing, or an early reply is missed."""

    def __init__(self, cluster: Cluster, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._cluster = cluster
        self._consumer = consumer
        self._partitions = partitions
        self.letters: dict[Place, Letter] = {}
        self.reports: dict[str, BulkReport] = {}
        self.edits: dict[str, Sent] = {}

    async def catch_up(self) -> None:
        """Read all that was committed on the topics before this call. Raises CommandFailed after 30 s of silence."""
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(self._partitions)
        loop = asyncio.get_running_loop()
        last_records = loop.time()
        while [part for part, end in ends.items() if await self._consumer.position(part) < end]:
            for records in (await self._consumer.getmany(timeout_ms=_POLL_MS)).values():
                last_records = loop.time()
                for record in records:
                    self._take(record)
            if loop.time() - last_records > _STALL_SECONDS:
                raise CommandFailed(f"Kafka at {self._cluster.bootstrap_servers} answers, but sends no records")

    def _take(self, record: Record) -> None:
        if record.topic == self._cluster.name(DEAD_LETTERS):
            letter = letter_of(record)
            self.letters[letter.origin] = letter
        elif (event := _read(record, REPORTS)) is not None and isinstance(event.data, BulkEditCompleted):
            pages = self.reports.setdefault(event.data.request_id, BulkReport()).pages
            pages[event.data.page] = event.data
        elif (event := _read(record, TOOL_EDITS)) is not None:
            place = (record.topic, record.partition, record.offset)
            # Of repeats the first one counts.
            self.edits.setdefault(event.id, Sent(TOOL_EDITS, place, event))


def _read(record: Record, spec: TopicSpec) -> Event[Any] | None:
    # A broken message on these topics replies to nothing that was published here.
    with contextlib.suppress(ContractError):
        event: Event[ShopBody] = parse(record.value, key=record.key, topic=spec)
        return event
    return None


@asynccontextmanager
async def read_replies(cluster: Cluster) -> AsyncIterator[Replies]:
    """From now on."""
    names = [cluster.name(spec) for spec in (DEAD_LETTERS, REPORTS, TOOL_EDITS)]
    partitions = [part for parts in (await cluster.partitions(names)).values() for part in parts]
    async with cluster.consumer() as consumer:
        await seek_to_end(consumer, partitions)
        yield Replies(cluster, consumer, partitions)
