"""The one place that makes consumers: what they read, and what they do where aiokafka would be silent.

Every consumer of the project reads committed messages only. A message of an aborted transaction was never published:
acting on one would list a product that its publisher took back.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError

from shopsync_runtime.kafka.membership import Outsider, Place, StaticMember

ISOLATION: Final = "read_committed"

Offsets = dict[TopicPartition, int]
Polled = dict[TopicPartition, list["ConsumerRecord[bytes | None, bytes | None]"]]


class Observer(Protocol):
    """Who is told what a poll found."""

    def before_poll(self, consumer: "Consumer") -> None:
        """A poll begins: what an earlier one returned has been handled or set back, if it reached its handler."""

    def polled(self, records: Polled) -> None:
        """The poll returns these; never empty."""

    async def idle(self, consumer: "Consumer") -> None:
        """The poll found nothing."""

    def removed(self, partition: TopicPartition, wanted: int, start: int, end: int) -> None:
        """The offset wanted next is not in the log any more; reading goes on at `start`. `end` is the log's end."""


class Consumer(AIOKafkaConsumer):  # type: ignore[misc] # aiokafka is untyped
    """A member of a group that starts at the earliest offset, and says so when that skips something.

    aiokafka's own reset is silent, so it is switched off: a position that has no offset yet, or that retention has
    removed, comes as an error here, and is answered with the start of the log.
    """

    def __init__(self, *topics: str, observer: Observer, outsider: Outsider, **options: Any) -> None:
        super().__init__(*topics, **{**options, "auto_offset_reset": "none", "isolation_level": ISOLATION})
        self._observer = observer
        self._place: Place | None = None
        if instance := options.get("group_instance_id"):
            self._place = Place(options["bootstrap_servers"], options["group_id"], instance, outsider)

    @property
    def _coordinator(self) -> Any:
        """Aiokafka makes it in `start`, and it joins before `start` returns: so it gets its eyes as it is set."""
        return self.__coordinator

    @_coordinator.setter
    def _coordinator(self, coordinator: Any) -> None:
        self.__coordinator = coordinator
        if isinstance(coordinator, GroupCoordinator) and self._place is not None:
            coordinator.__class__ = StaticMember
            coordinator.place = self._place

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None) -> Polled:
        """As aiokafka's. Raises its errors, but for positions that are not in the log: they are set anew."""
        self._observer.before_poll(self)
        while True:
            try:
                records: Polled = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
            except NoOffsetForPartitionError as error:
                await self._start_over(error.args[0], None)
            except OffsetOutOfRangeError as error:
                for partition, wanted in error.args[0].items():
                    await self._start_over(partition, wanted)
            else:
                break
        if records:
            self._observer.polled(records)
        else:
            await self._observer.idle(self)
        return records

    def positions(self) -> Offsets:
        """Where reading goes on, of the partitions for which that is known. Past transaction markers and the like."""
        subscribed = self._subscription.subscription
        assignment = None if subscribed is None else subscribed.assignment
        if assignment is None or not assignment.active:
            return {}
        states = {partition: assignment.state_value(partition) for partition in assignment.tps}
        return {partition: state.position for partition, state in states.items() if state.has_valid_position}

    async def _start_over(self, partition: TopicPartition, wanted: int | None) -> None:
        start = (await self.beginning_offsets([partition]))[partition]
        end = (await self.end_offsets([partition]))[partition]
        try:
            self.seek(partition, start)
        except IllegalStateError:  # taken away meanwhile: its next holder finds out by itself
            return
        if wanted is not None:
            self._observer.removed(partition, wanted, start, end)


def reader(bootstrap_servers: str | Sequence[str], **options: Any) -> "AIOKafkaConsumer[bytes | None, bytes | None]":
    """A consumer outside of every group, not started. Its `end_offsets` are those of the last stable message."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, enable_auto_commit=False, isolation_level=ISOLATION, **options
    )
