import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from shopsync_runtime.backoff import backoff_delay

log = structlog.get_logger(__name__)


class PausingConsumer(Protocol):
    """What of AIOKafkaConsumer putting back needs."""

    def assignment(self) -> set[TopicPartition]:
        """Partitions held now."""

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read on from this offset."""

    def pause(self, *partitions: TopicPartition) -> None:
        """Fetch no more from these."""

    def resume(self, *partitions: TopicPartition) -> None:
        """Fetch again from these."""


class Partitions:
    """Which partitions are held, and which of them wait to be tried again.

    Waiting is a pause on the partition and a timer, never a sleep in the handler: the consumer keeps polling, stays
    in the group, and the other partitions go on. Attempts are counted per partition, so a healthy partition
    does not shorten the back-off of a failing one.
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
        """A rebalance has ended: what was known about positions before it is void."""
        self.generation += 1
        self.joined = True

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Revoked partitions: whoever holds them next starts from the committed offset, unpaused."""
        for partition in partitions:
            self._attempts.pop(partition, None)
            if timer := self._timers.pop(partition, None):
                timer.cancel()

    def succeeded(self, partitions: Iterable[TopicPartition]) -> None:
        """The next failure starts with the shortest wait."""
        for partition in partitions:
            self._attempts.pop(partition, None)

    def rewind(self, consumer: PausingConsumer, firsts: dict[TopicPartition, int]) -> set[TopicPartition]:
        """Set each partition back to its first unhandled record and pause it. Returns those still held."""
        held = consumer.assignment() & firsts.keys()
        for partition in held:
            try:
                consumer.seek(partition, firsts[partition])
                consumer.pause(partition)
            except IllegalStateError:  # lost between the two lines: the next holder starts from the committed offset
                log.info("partition is gone, not set back", topic=partition.topic, partition=partition.partition)
        return held

    def put_back(self, consumer: PausingConsumer, firsts: dict[TopicPartition, int]) -> tuple[int, float]:
        """Rewind, and resume after a back-off. Returns the attempt's number and the wait in seconds."""
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
