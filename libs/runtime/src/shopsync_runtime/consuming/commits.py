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
    """What of AIOKafkaConsumer commits need."""

    def assignment(self) -> set[TopicPartition]:
        """Partitions held now."""

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        """Write the group's offsets."""


class Unsettled(Protocol):
    """What a handler has taken but goes on with after it returned. The commits stay below it."""

    def first_unsettled(self) -> Mapping[TopicPartition, int]:
        """The lowest offset of each partition that has to be read again after a crash."""

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """These are another process's now, which reads them again from the last commit."""


class NothingUnsettled:
    """A handler that has settled what it was given when it returns."""

    def first_unsettled(self) -> Mapping[TopicPartition, int]:
        """No offset."""
        return {}

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Nothing is kept."""


class Commits:
    """Offsets of handled messages on their way to the broker, always as an explicit {partition: last + 1}.

    A commit without arguments would commit the position of every partition, fetched records that nobody handled
    included. A commit that fails or runs out of time (aiokafka repeats retriable errors indefinitely, hence the
    deadline) costs duplicates at the next start, never a message: it stays owed and goes with the next one.
    """

    def __init__(self, subscription: str, *, timeout: float, unsettled: Unsettled | None = None) -> None:
        self._subscription = subscription
        self._timeout = timeout
        self._unsettled = unsettled or NothingUnsettled()
        self._owed: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
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
            self._committed.pop(partition, None)

    async def flush(self, consumer: CommittingConsumer) -> bool:
        """Commit what is owed for partitions held now. Returns whether nothing is owed any more; never raises."""
        async with self._lock:
            due = self._due(consumer.assignment())
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
                    error=error_text(error),
                    partitions=len(due),
                )
                return False
            self._committed |= due
            for partition, offset in due.items():
                if self._owed.get(partition) == offset:
                    del self._owed[partition]
            return not self._owed

    def _due(self, held: set[TopicPartition]) -> dict[TopicPartition, int]:
        """What is owed, as far as it is settled and not committed already."""
        first = self._unsettled.first_unsettled()
        settled = {tp: min(offset, first.get(tp, offset)) for tp, offset in self._owed.items() if tp in held}
        return {tp: offset for tp, offset in settled.items() if self._committed.get(tp) != offset}
