import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from shopsync_runtime.backoff import backoff_delay

log = structlog.get_logger(__name__)


class PausingConsumer(Protocol):
    """The part of AIOKafkaConsumer that is needed to seek back and pause."""

    def assignment(self) -> set[TopicPartition]:
        """The partitions assigned now."""

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Continue reading at this offset."""

    def pause(self, *partitions: TopicPartition) -> None:
        """Stop fetching from these."""

    def resume(self, *partitions: TopicPartition) -> None:
        """Fetch again from these."""


class Partitions:
    """Partitions that wait for a retry.

    The partition is paused until a timer resumes it. Nothing sleeps in the handler, so the consumer keeps polling and
    stays in the group, and the other partitions go on. Attempts are counted per partition, so a healthy partition does
    not shorten the back-off of a failing one.
    """

    def __init__(self, *, delay: Callable[[int], float] = backoff_delay) -> None:
        self._delay = delay
        self._attempts: dict[TopicPartition, int] = {}
        self._timers: dict[TopicPartition, asyncio.TimerHandle] = {}
        self.generation = 0
        self.joined = False

    @property
    def waiting(self) -> set[TopicPartition]:
        """Partitions that are paused until their next attempt."""
        return set(self._timers)

    def assigned(self) -> None:
        """Note the end of a rebalance. Offsets known before it are no longer valid."""
        self.generation += 1
        self.joined = True

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Drop revoked partitions. Their next owner starts at the committed offset, without a pause."""
        for partition in partitions:
            self._attempts.pop(partition, None)
            if timer := self._timers.pop(partition, None):
                timer.cancel()

    def succeeded(self, partitions: Iterable[TopicPartition]) -> None:
        """Reset the back-off of these partitions."""
        for partition in partitions:
            self._attempts.pop(partition, None)

    def rewind(self, consumer: PausingConsumer, firsts: dict[TopicPartition, int]) -> set[TopicPartition]:
        """Seek each partition back to its first unhandled record and pause it. Returns those still assigned."""
        held = consumer.assignment() & firsts.keys()
        for partition in held:
            try:
                consumer.seek(partition, firsts[partition])
                consumer.pause(partition)
            except IllegalStateError:  # revoked in between: the next owner starts at the committed offset
                log.info("partition is gone, not set back", topic=partition.topic, partition=partition.partition)
        return held

    def retry_later(self, consumer: PausingConsumer, firsts: dict[TopicPartition, int]) -> tuple[int, float]:
        """Seek back, and resume after a back-off. Returns the number of the attempt and the wait in seconds."""
        attempt = max((self._attempts.get(partition, 0) for partition in firsts), default=0) + 1
        delay = self._delay(attempt)
        loop = asyncio.get_running_loop()
        for partition in self.rewind(consumer, firsts):
            self._attempts[partition] = attempt
            if timer := self._timers.pop(partition, None):
                timer.cancel()
            self._timers[partition] = loop.call_later(delay, self._resume, consumer, partition)
        return attempt, delay

    def _resume(self, consumer: PausingConsumer, partition: TopicPartition) -> None:
        self._timers.pop(partition, None)
        if partition in consumer.assignment():
            consumer.resume(partition)

    def stop(self) -> None:
        """Cancel all timers."""
        self.forget(list(self._timers))
