"""Creates all consumers. They report errors and skipped records where aiokafka would be silent.

Every consumer reads committed messages only. A message of an aborted transaction was never published: acting on one
could list a product that its publisher took back.
"""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import (
    ConsumerStoppedError,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.fetching import make_prompt
from shopsync_runtime.kafka.membership import FencingListener, Place, StaticMember
from shopsync_runtime.kafka.refusals import is_refusal
from shopsync_runtime.kafka.unpacking import bound_unpacking
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)

_AGAIN_SECONDS = 1.0
_STUCK_AGAIN_SECONDS = 5.0
_ONE_BY_ONE_SECONDS = 30.0
# aiokafka fetches the first records that come while a batch is handled, and no more before these are taken. So after
# such a time, most of what came is still at the broker, one answer away.
_BUSY_SECONDS = 0.005
_ALSO_FETCHED_MS = 5
ISOLATION: Final = "read_committed"

Offsets = dict[TopicPartition, int]
Polled = dict[TopicPartition, list["ConsumerRecord[bytes | None, bytes | None]"]]


class Observer(Protocol):
    """Is told what a poll found."""

    def before_poll(self, consumer: "Consumer") -> None:
        """A poll begins. Records of the last one are handled or set back, if they reached the handler."""

    def polled(self, records: Polled) -> None:
        """The poll returns these records, at least one."""

    async def idle(self, consumer: "Consumer") -> None:
        """The poll found nothing."""

    def stuck_at(self, partition: TopicPartition, offset: int, error: Exception) -> None:
        """Reading at this offset failed and will be tried again. Called for each attempt."""

    def refused(self, error: KafkaError) -> None:
        """The cluster does not let us read a topic, or be in the group. It will be tried again."""

    def removed(self, partition: TopicPartition, wanted: int, start: int, end: int) -> None:
        """The offset `wanted` is no longer in the log. Reading continues at its `start`; `end` is its end."""


class _CannotReadError(Exception):
    """aiokafka cannot unpack what it fetched. `cause` may be of any class, from its own to UnicodeDecodeError."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Consumer(AIOKafkaConsumer):  # type: ignore[misc] # aiokafka is untyped
    """A group member that starts at the earliest offset, and reports when that skips records.

    aiokafka's own offset reset is silent, so it is off. A partition without a committed offset, or whose offset was
    removed by retention, raises an error here and then starts at the beginning of the log.
    """

    def __init__(
        self,
        *topics: str,
        connection: KafkaConnection,
        observer: Observer,
        fencing_listener: FencingListener,
        urgent_topics: Collection[str] = (),
        **options: Any,
    ) -> None:
        bound_unpacking()
        ours = {"auto_offset_reset": "none", "isolation_level": ISOLATION, **connection.options()}
        super().__init__(*topics, **{**options, **ours})
        connection.follow_password(self._client)
        self._observer = observer
        self._urgent_topics = urgent_topics
        self._one_by_one_until = 0.0
        self._polled_at = time.monotonic()
        self._was_busy = False
        # Partitions with a recent read error, and when to try again. They are read record by record.
        self._unreadable: dict[TopicPartition, float] = {}
        self._place: Place | None = None
        if instance := options.get("group_instance_id"):
            self._place = Place(connection, options["group_id"], instance, fencing_listener)

    @property
    def _coordinator(self) -> Any:
        """Replaced when it is set, because aiokafka creates it in `start` and it joins before `start` returns."""
        return self.__coordinator

    @_coordinator.setter
    def _coordinator(self, coordinator: Any) -> None:
        self.__coordinator = coordinator
        if isinstance(coordinator, GroupCoordinator) and self._place is not None:
            coordinator.__class__ = StaticMember
            coordinator.place = self._place

    @property
    def _fetcher(self) -> Any:
        """Changed when it is set, because aiokafka creates it in `start` and has no setting for it."""
        return self.__fetcher

    @_fetcher.setter
    def _fetcher(self, fetcher: Any) -> None:
        self.__fetcher = fetcher
        make_prompt(fetcher)

    async def getmany(self, *, timeout_ms: int = 0, max_records: int | None = None) -> Polled:
        """Like aiokafka's `getmany`, but positions outside the log are reset instead of raising an error.

        aiokafka takes records from one partition after the other and moves their positions. When one partition cannot
        be read, the records taken from the others would be lost. So their positions are set back, and for a while the
        partitions are read one at a time. The unreadable one gets stuck right before the bad record.
        """
        try:
            return await self._polled(timeout_ms, max_records)
        except KafkaError as error:
            if is_refusal(error):
                self._observer.refused(error)
                self._start_again()
            raise

    async def _polled(self, timeout_ms: int, max_records: int | None) -> Polled:
        self._observer.before_poll(self)
        self._was_busy = time.monotonic() - self._polled_at > _BUSY_SECONDS
        if time.monotonic() < self._one_by_one_until:
            records = await self._poll_each(timeout_ms, max_records)
        else:
            self._unreadable = {}
            try:
                records = await self._poll(timeout_ms=timeout_ms, max_records=max_records)
            except _CannotReadError as error:
                log.warning("cannot read, one partition at a time from now on", exc_info=error.cause)
                records = await self._poll_each(timeout_ms, max_records)
        if records:
            self._observer.polled(records)
        else:
            await self._observer.idle(self)
        self._polled_at = time.monotonic()
        return records

    def _start_again(self) -> None:
        """Have the group joined again if one of aiokafka's tasks for it has ended with an error.

        aiokafka does not start them again, and raises their error at every poll from then on.
        """
        tasks = (self._coordinator._heartbeat_task, self._coordinator._commit_refresh_task)  # noqa: SLF001
        if any(task is not None and task.done() for task in tasks):
            self._coordinator.request_rejoin()

    async def _poll(self, *partitions: TopicPartition, timeout_ms: int, max_records: int | None) -> Polled:
        while True:
            before = self.positions()
            try:
                records = await self._take(partitions, timeout_ms, max_records)
            except NoOffsetForPartitionError as error:
                await self._start_over(error.args[0], None)
            except OffsetOutOfRangeError as error:
                for partition, wanted in error.args[0].items():
                    await self._start_over(partition, wanted)
            except (ConsumerStoppedError, IllegalStateError):
                raise
            except Exception as error:
                if is_refusal(error):
                    raise
                self._one_by_one_until = time.monotonic() + _ONE_BY_ONE_SECONDS
                await self._set_back(before)
                raise _CannotReadError(error) from error
            else:
                return records

    async def _take(self, partitions: Sequence[TopicPartition], timeout_ms: int, most: int | None) -> Polled:
        """Take what was fetched, of urgent topics first. The others always get a quarter of the batch.

        A fetched partition holds some hundred records of a bulk topic. In the order of their arrival, an edit would
        wait behind those of all partitions.
        """
        if partitions or most is None:
            alone: Polled = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=most)
            return alone
        taken: Polled = {}
        try:
            if urgent := self._urgent():
                _add(taken, await super().getmany(*urgent, timeout_ms=0, max_records=most - most // 4))
            wait = 0 if taken else timeout_ms
            _add(taken, await super().getmany(timeout_ms=wait, max_records=most - _count(taken)))
            if taken and self._was_busy and (left := most - _count(taken)):
                _add(taken, await super().getmany(timeout_ms=_ALSO_FETCHED_MS, max_records=left))
        except Exception:
            for partition in taken.keys() & self.assignment():
                self.seek(partition, taken[partition][0].offset)
            raise
        return taken

    def _urgent(self) -> list[TopicPartition]:
        """The partitions of urgent topics, where there are others as well."""
        held = self.assignment()
        urgent = [partition for partition in held if partition.topic in self._urgent_topics]
        return urgent if len(urgent) < len(held) else []

    async def _poll_each(self, timeout_ms: int, max_records: int | None) -> Polled:
        """Read one partition at a time, and those with errors one record at a time, up to the bad record."""
        self._coordinator.check_errors()  # errors of the group are not a partition's fault
        now = time.monotonic()
        due = [one for one in sorted(self.assignment()) if self._unreadable.get(one, now) <= now]
        share, most = timeout_ms // max(1, len(due)), max_records and max(1, max_records // max(1, len(due)))
        found: Polled = {}
        for partition in due:
            limit = 1 if partition in self._unreadable else most
            try:
                found |= await self._poll(partition, timeout_ms=0 if found else share, max_records=limit)
            except _CannotReadError as error:
                self._could_not_read(partition, error.cause)
            except (ConsumerStoppedError, KafkaError):  # stopped, revoked, or the broker is down
                if not found:
                    raise
                break
        return found

    def _could_not_read(self, partition: TopicPartition, error: Exception) -> None:
        if partition not in self._unreadable:
            self._unreadable[partition] = time.monotonic()  # the bad record may be further on
            return
        position = self.positions().get(partition)
        if position is not None:
            self._unreadable[partition] = time.monotonic() + _STUCK_AGAIN_SECONDS
            self._observer.stuck_at(partition, position, error)

    async def _set_back(self, before: Offsets) -> None:
        """Seek back to the positions before the poll, since its records were not returned."""
        for partition, position in self.positions().items():
            first = before[partition] if partition in before else await self._beginning_of(partition)
            if first is not None and position > first and partition in self.assignment():
                self.seek(partition, first)

    async def _beginning_of(self, partition: TopicPartition) -> int | None:
        """Where the group starts in a partition without a known position; None when it was revoked."""
        while partition in self.assignment():
            try:
                committed: int | None = await self.committed(partition)
                if committed is not None:
                    return committed
                starts: Mapping[TopicPartition, int] = await self.beginning_offsets([partition])
                return starts[partition]
            except KafkaError as error:
                log.warning("cannot ask where the group begins", topic=partition.topic, error=error_text(error))
                await asyncio.sleep(_AGAIN_SECONDS)
        return None

    def positions(self) -> Offsets:
        """Next offset of each partition where it is known, past transaction markers and the like."""
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
        except IllegalStateError:  # revoked meanwhile: the next owner finds out by itself
            return
        if wanted is not None:
            self._observer.removed(partition, wanted, start, end)


def _count(records: Polled) -> int:
    return sum(len(some) for some in records.values())


def _add(taken: Polled, more: Polled) -> None:
    """Add records that were taken later; those of a partition follow on what is there."""
    for partition, records in more.items():
        taken[partition] = [*taken.get(partition, ()), *records]


class _Reader(AIOKafkaConsumer):  # type: ignore[misc] # aiokafka is untyped
    """Fetches the metadata of all topics at once. aiokafka does it one by one, a tenth of a second each."""

    def __init__(self, **options: Any) -> None:
        bound_unpacking()
        super().__init__(**options, enable_auto_commit=False, isolation_level=ISOLATION)

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> Offsets:
        self._add_topics(partitions)
        starts: Offsets = await super().beginning_offsets(partitions)
        return starts

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> Offsets:
        self._add_topics(partitions)
        ends: Offsets = await super().end_offsets(partitions)
        return ends

    def _add_topics(self, partitions: Collection[TopicPartition]) -> None:
        for topic in {partition.topic for partition in partitions}:
            self._client.add_topic(topic)


def reader(connection: KafkaConnection, **options: Any) -> "AIOKafkaConsumer[bytes | None, bytes | None]":
    """A consumer without a group, not started. Its `end_offsets` are the last stable offsets."""
    return _Reader(**connection.options(), **options)
