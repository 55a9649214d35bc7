import asyncio
import time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shopsync_runtime.kafka.refusals import is_refusal
from shopsync_runtime.metrics import LAG, SINCE_PROGRESS, UNREADABLE

_ASK_TIMEOUT = 5.0


class Progress:
    """Progress of a subscription: lag per partition, and when a batch was last finished and last attempted."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._next: dict[TopicPartition, int] = {}
        self._lag: dict[TopicPartition, int] = {}
        self.finished_at = time.monotonic()
        self.attempted_at = time.monotonic()

    @property
    def lag(self) -> int:
        """Messages waiting in all assigned partitions, as last measured."""
        return sum(self._lag.values())

    def attempted(self) -> None:
        """Note an attempt: there may be no progress, but the subscription is alive."""
        self.attempted_at = time.monotonic()

    def finished(self, offsets: dict[TopicPartition, int]) -> None:
        """Note a handled batch. `offsets` are the next ones to read."""
        self._next.update(offsets)
        self.finished_at = self.attempted_at = time.monotonic()

    def next_of(self, partition: TopicPartition) -> int:
        """Offset after the last handled one; 0 if unknown."""
        return self._next.get(partition, 0)

    def reached(self, offsets: dict[TopicPartition, int]) -> None:
        """Move to these offsets. There were no messages before them to handle."""
        self._next.update(offsets)

    def forget(self, partitions: set[TopicPartition]) -> None:
        """Drop revoked partitions and their metrics, or a dashboard would show their lag twice."""
        for partition in partitions:
            self._next.pop(partition, None)
            if self._lag.pop(partition, None) is not None:
                for gauge in (LAG, UNREADABLE):
                    gauge.remove(self._group, partition.topic, str(partition.partition))

    async def measure(self, consumer: AIOKafkaConsumer) -> bool | None:
        """Ask for the end offsets and set the gauges. Returns whether the broker answers.

        Without an answer it changes nothing. None: a rebalance came between, which says nothing about the broker. One
        that refuses us answers; what it refuses is told of the poll.
        """
        held = consumer.assignment()
        answers: bool | None = True
        try:
            async with asyncio.timeout(_ASK_TIMEOUT):
                ends = await consumer.end_offsets(list(held)) if held else {}
                starts = {tp: self._next[tp] if tp in self._next else await _position(consumer, tp) for tp in held}
        except (KafkaError, TimeoutError) as error:
            ends, starts = {}, {}
            if not is_refusal(error):
                answers = False if consumer.assignment() == held else None
        for tp in ends.keys() & starts.keys() & consumer.assignment():
            self._lag[tp] = max(0, ends[tp] - starts[tp])
            labels = self._group, tp.topic, str(tp.partition)
            LAG.labels(*labels).set(self._lag[tp])
            UNREADABLE.labels(*labels).set(max(0, (consumer.highwater(tp) or 0) - ends[tp]))
        if ends.keys() == held and self.lag == 0:
            self.finished_at = self.attempted_at = time.monotonic()
        SINCE_PROGRESS.labels(self._group).set(time.monotonic() - self.finished_at)
        return answers

    def stalled_for(self) -> float:
        """Seconds without an attempt while messages are waiting; 0 when none wait."""
        return time.monotonic() - self.attempted_at if self.lag else 0.0


async def _position(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int:
    position: int = await consumer.position(partition)
    return position
