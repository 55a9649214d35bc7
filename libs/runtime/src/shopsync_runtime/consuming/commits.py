import asyncio
from collections.abc import Iterable
from typing import Protocol

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shopsync_runtime.metrics import COMMIT_FAILURES

log = structlog.get_logger(__name__)


class CommittingConsumer(Protocol):
    """What of AIOKafkaConsumer commits need."""

    def assignment(self) -> set[TopicPartition]:
        """Partitions held now."""

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        """Write the group's offsets."""


class Commits:
    """Offsets of handled messages on their way to the broker, always as an explicit {partition: last + 1}.

    A commit without arguments would commit the position of every partition, fetched records that nobody handled
    included. A commit that fails or runs out of time (aiokafka repeats retriable errors for ever, hence the
    deadline) costs duplicates at the next start, never a message: it stays owed and goes with the next one.
    """

    def __init__(self, subscription: str, *, timeout: float) -> None:
        self._subscription = subscription
        self._timeout = timeout
        self._owed: dict[TopicPartition, int] = {}
        self._lock = asyncio.Lock()

    @property
    def owed(self) -> dict[TopicPartition, int]:
        """Handled but not yet acknowledged by the broker: next offset per partition."""
        return dict(self._owed)

    def owe(self, offsets: dict[TopicPartition, int]) -> None:
        """Take in the next offset of each partition after a batch was handled."""
        self._owed.update(offsets)

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Partitions that another process holds now: their offsets are its business."""
        for partition in partitions:
            self._owed.pop(partition, None)

    async def flush(self, consumer: CommittingConsumer) -> bool:
        """Commit what is owed for partitions held now. Returns whether nothing is owed any more; never raises."""
        async with self._lock:
            held = consumer.assignment()
            due = {partition: offset for partition, offset in self._owed.items() if partition in held}
            if not due:
                return not self._owed
            try:
                async with asyncio.timeout(self._timeout):
                    await consumer.commit(due)
            except (KafkaError, TimeoutError) as error:
                COMMIT_FAILURES.labels(self._subscription).inc()
                log.warning(
                    "commit failed, will be repeated",
                    subscription=self._subscription,
                    error=f"{type(error).__name__}: {error}",
                    partitions=len(due),
                )
                return False
            for partition, offset in due.items():
                if self._owed.get(partition) == offset:
                    del self._owed[partition]
            return not self._owed
