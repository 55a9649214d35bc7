import structlog
from aiokafka import TopicPartition

from shopsync_runtime.consuming.commits import Commits
from shopsync_runtime.consuming.progress import Progress
from shopsync_runtime.consuming.stuck import StuckPartitions
from shopsync_runtime.kafka.consumer import Consumer, Offsets, Polled
from shopsync_runtime.metrics import OFFSETS_LOST

log = structlog.get_logger(__name__)


class Polling:
    """What a subscription learns from its polls beside the messages.

    A position moves past what is no message: the markers of transactions, aborted batches, records that compaction
    took. Before each poll all that came before is handled, so the positions are committed, or whoever compares the
    group's offsets with the end of the log (a barrier, a lag gauge, an operator) would wait for messages that do not
    exist. Under load they go with the commit of the next batch; when a poll finds nothing they go at once.
    """

    def __init__(self, subscription: str, *, progress: Progress, commits: Commits) -> None:
        self._subscription = subscription
        self._progress = progress
        self._commits = commits
        self._under_way: Offsets = {}
        self._has_moved = False
        self.stuck = StuckPartitions(subscription)

    def handled(self) -> None:
        """The handler has settled the last poll's records, or set their partitions back."""
        self._under_way = {}

    def before_poll(self, consumer: Consumer) -> None:
        """Take in the positions. What an earlier poll returned and no handler finished is read again."""
        if self._under_way:
            log.error("batch did not come back from its handler, read again", subscription=self._subscription)
            for partition in self._under_way.keys() & consumer.assignment():
                consumer.seek(partition, self._under_way[partition])
            self._under_way = {}
        positions = consumer.positions()
        self.stuck.reached(positions)
        ahead = {tp: position for tp, position in positions.items() if position > self._progress.next_of(tp)}
        if ahead:
            self._progress.reached(ahead)
            self._commits.owe(ahead)
            self._has_moved = True

    def polled(self, records: Polled) -> None:
        """Remember the first record of each partition until the batch is handled."""
        self._under_way = {partition: some[0].offset for partition, some in records.items()}

    async def idle(self, consumer: Consumer) -> None:
        """No batch is there whose commit would take the new positions along."""
        if self._has_moved:
            self._has_moved = False
            await self._commits.flush(consumer)

    def stands_still(self, partition: TopicPartition, offset: int, error: Exception) -> None:
        """An attempt to read on: a restart would do no better, so the process counts as alive."""
        self._progress.tried()
        self.stuck.stand_still(partition, offset, error)

    def removed(self, partition: TopicPartition, wanted: int, start: int, end: int) -> None:
        """Say aloud what reading on at the start of the log means."""
        self.stuck.forget([partition])
        where = {
            "subscription": self._subscription,
            "topic": partition.topic,
            "partition": partition.partition,
            "wanted": wanted,
            "log_start": start,
            "log_end": end,
        }
        if wanted > end:
            log.error("the topic is shorter than what the group has read, it is read again from its start", **where)
            return
        lost = start - wanted
        OFFSETS_LOST.labels(self._subscription, partition.topic, str(partition.partition)).inc(lost)
        log.error("records were removed before they were handled; publish them again", offsets_lost=lost, **where)
