import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shopsync_runtime.metrics import COMMIT_FAILURES
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)


class CommittingConsumer(Protocol):
    """The part of AIOKafkaConsumer that is needed to commit."""

    def assignment(self) -> set[TopicPartition]:
        """The partitions assigned now."""

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        """Commit the group's offsets."""


class PendingRecords(Protocol):
    """Records that a handler still works on after it returned. Commits stay below them."""

    def first_pending(self) -> Mapping[TopicPartition, int]:
        """The lowest offset of each partition that must be read again after a crash."""

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Drop revoked partitions. Their next owner reads them from the last commit."""


class NoPendingRecords:
    """For handlers that are done when they return."""

    def first_pending(self) -> Mapping[TopicPartition, int]:
        """Always empty."""
        return {}

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Do nothing."""


class Commits:
    """Offsets of handled messages that are not committed yet, always as an explicit {partition: last + 1}.

    A commit without arguments would commit the position of every partition, including fetched records that nobody
    handled. aiokafka repeats retriable errors indefinitely, so a commit has a timeout. If it fails or times out, it
    stays pending and goes with the next one. That may cost duplicates after a restart, but never a message.
    """

    def __init__(self, group: str, *, timeout: float, pending_records: PendingRecords | None = None) -> None:
        self._group = group
        self._timeout = timeout
        self._pending_records = pending_records or NoPendingRecords()
        self._pending: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._lock = asyncio.Lock()

    @property
    def pending(self) -> dict[TopicPartition, int]:
        """Next offset of each partition whose commit the broker has not acknowledged yet."""
        return dict(self._pending)

    def add(self, offsets: dict[TopicPartition, int]) -> None:
        """Add the next offset of each partition after a batch was handled."""
        self._pending.update(offsets)

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Drop revoked partitions. Their next owner commits for them."""
        for partition in partitions:
            self._pending.pop(partition, None)
            self._committed.pop(partition, None)

    async def flush(self, consumer: CommittingConsumer) -> bool:
        """Commit pending offsets of assigned partitions. Returns whether none are left. Never raises."""
        async with self._lock:
            due = self._due(consumer.assignment())
            if not due:
                return not self._pending
            try:
                async with asyncio.timeout(self._timeout):
                    await consumer.commit(due)
            except (KafkaError, TimeoutError) as error:
                COMMIT_FAILURES.labels(self._group).inc()
                log.warning(
                    "commit failed, will be repeated",
                    group=self._group,
                    error=error_text(error),
                    partitions=len(due),
                )
                return False
            self._committed |= due
            for partition, offset in due.items():
                if self._pending.get(partition) == offset:
                    del self._pending[partition]
            return not self._pending

    def _due(self, held: set[TopicPartition]) -> dict[TopicPartition, int]:
        """Pending offsets, limited to what the handler is done with, without those that are committed already."""
        first = self._pending_records.first_pending()
        settled = {tp: min(offset, first.get(tp, offset)) for tp, offset in self._pending.items() if tp in held}
        return {tp: offset for tp, offset in settled.items() if self._committed.get(tp) != offset}
