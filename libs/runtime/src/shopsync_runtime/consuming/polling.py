import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shopsync_runtime.consuming.commits import Commits
from shopsync_runtime.consuming.progress import Progress
from shopsync_runtime.consuming.stuck import StuckPartitions
from shopsync_runtime.kafka.consumer import Consumer, Offsets, Polled
from shopsync_runtime.kafka.refusals import Refusal
from shopsync_runtime.metrics import OFFSETS_LOST
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)

# While it is refused, it is tried every five seconds or so.
_REFUSED_SECONDS = 20.0


class Polling:
    """Commits positions that move without messages, and reports what else a poll found.

    A position moves past transaction markers, aborted batches and compacted records. Everything before it is handled
    when the next poll begins, so the position can be committed. Otherwise a barrier, a lag gauge or an operator who
    compares the group's offsets with the end of the log would wait for messages that do not exist. Under load the
    positions go with the commit of the next batch; after an empty poll they are committed at once.
    """

    def __init__(self, group: str, *, progress: Progress, commits: Commits) -> None:
        self._group = group
        self._progress = progress
        self._commits = commits
        self._in_flight_offsets: Offsets = {}
        self._has_moved = False
        self.stuck = StuckPartitions(group)
        self.refusal = Refusal(_REFUSED_SECONDS)

    def handled(self) -> None:
        """Note that the last poll's records are handled, or that their partitions were set back."""
        self._in_flight_offsets = {}

    def before_poll(self, consumer: Consumer) -> None:
        """Note the positions. Seek back to records of an earlier poll that never came back from the handler."""
        if self._in_flight_offsets:
            log.error("batch did not come back from its handler, read again", group=self._group)
            for partition in self._in_flight_offsets.keys() & consumer.assignment():
                consumer.seek(partition, self._in_flight_offsets[partition])
            self._in_flight_offsets = {}
        positions = consumer.positions()
        self.stuck.reached(positions)
        ahead = {tp: position for tp, position in positions.items() if position > self._progress.next_of(tp)}
        if ahead:
            self._progress.reached(ahead)
            self._commits.add(ahead)
            self._has_moved = True

    def polled(self, records: Polled) -> None:
        """Remember the first record of each partition until the batch is handled."""
        self._in_flight_offsets = {partition: some[0].offset for partition, some in records.items()}

    async def idle(self, consumer: Consumer) -> None:
        """Commit new positions now, because no batch follows that would commit them."""
        if self._has_moved:
            self._has_moved = False
            await self._commits.flush(consumer)

    def stuck_at(self, partition: TopicPartition, offset: int, error: Exception) -> None:
        """Note a failed read. The process counts as alive, since a restart would not help."""
        self._progress.attempted()
        self.stuck.add(partition, offset, error)

    def refused(self, error: KafkaError) -> None:
        """Note that we may not read. The process counts as alive, since a restart would not help."""
        self._progress.attempted()
        self.refusal.note(f"read: {error_text(error)}")

    def removed(self, partition: TopicPartition, wanted: int, start: int, end: int) -> None:
        """Log what is lost or repeated when reading continues at the start of the log."""
        self.stuck.forget([partition])
        where = {
            "group": self._group,
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
        OFFSETS_LOST.labels(self._group, partition.topic, str(partition.partition)).inc(lost)
        log.error("records were removed before they were handled; publish them again", offsets_lost=lost, **where)
