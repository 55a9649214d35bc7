import asyncio
import time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shopsync_runtime.metrics import LAG, SINCE_PROGRESS, UNREADABLE

_ASK_TIMEOUT = 5.0


class Progress:
    """Whether a subscription gets on: lag per partition, time since the last finished and the last tried batch."""

    def __init__(self, subscription: str) -> None:
        self._subscription = subscription
        self._next: dict[TopicPartition, int] = {}
        self._lag: dict[TopicPartition, int] = {}
        self.finished_at = time.monotonic()
        self.tried_at = time.monotonic()

    @property
    def lag(self) -> int:
        """Messages waiting, as last measured, over all partitions held."""
        return sum(self._lag.values())

    def tried(self) -> None:
        """A batch was taken and put back: no progress, but alive."""
        self.tried_at = time.monotonic()

    def finished(self, offsets: dict[TopicPartition, int]) -> None:
        """A batch was handled; `offsets` are the next ones."""
        self._next.update(offsets)
        self.finished_at = self.tried_at = time.monotonic()

    def next_of(self, partition: TopicPartition) -> int:
        """Offset after the last handled one, 0 while nothing is known."""
        return self._next.get(partition, 0)

    def reached(self, offsets: dict[TopicPartition, int]) -> None:
        """Nothing is waiting before these offsets; no message was handled to get there."""
        self._next.update(offsets)

    def forget(self, partitions: set[TopicPartition]) -> None:
        """Revoked: their series go, or a dashboard would show the lag of a partition twice."""
        for partition in partitions:
            self._next.pop(partition, None)
            if self._lag.pop(partition, None) is not None:
                for gauge in (LAG, UNREADABLE):
                    gauge.remove(self._subscription, partition.topic, str(partition.partition))

    async def measure(self, consumer: AIOKafkaConsumer) -> bool:
        """Ask for the end offsets and set the gauges. Returns whether the broker answered; else the values stay."""
        held, answers = consumer.assignment(), True
        try:
            async with asyncio.timeout(_ASK_TIMEOUT):
                ends = await consumer.end_offsets(list(held)) if held else {}
                starts = {tp: self._next[tp] if tp in self._next else await _position(consumer, tp) for tp in held}
        except (KafkaError, TimeoutError):
            ends, starts, answers = {}, {}, False
        for tp in ends.keys() & starts.keys() & consumer.assignment():
            self._lag[tp] = max(0, ends[tp] - starts[tp])
            labels = self._subscription, tp.topic, str(tp.partition)
            LAG.labels(*labels).set(self._lag[tp])
            UNREADABLE.labels(*labels).set(max(0, (consumer.highwater(tp) or 0) - ends[tp]))
        if ends.keys() == held and self.lag == 0:
            self.finished_at = self.tried_at = time.monotonic()
        SINCE_PROGRESS.labels(self._subscription).set(time.monotonic() - self.finished_at)
        return answers

    def stalled_for(self) -> float:
        """Seconds in which messages were waiting and not even an attempt was made; 0 when nothing waits."""
        return time.monotonic() - self.tried_at if self.lag else 0.0


async def _position(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int:
    position: int = await consumer.position(partition)
    return position
