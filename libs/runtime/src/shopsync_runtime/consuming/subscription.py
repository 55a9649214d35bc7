import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.message import StreamMessage

from shopsync_contracts import TopicSpec
from shopsync_runtime.consuming.commits import Commits, NoPendingRecords, PendingRecords
from shopsync_runtime.consuming.limit import DeadLetterLimit
from shopsync_runtime.consuming.partitions import Partitions
from shopsync_runtime.consuming.polling import Polling
from shopsync_runtime.consuming.process import (
    Item,
    Outcome,
    PublishLetters,
    first_offsets,
    next_offsets,
    process,
)
from shopsync_runtime.consuming.progress import Progress
from shopsync_runtime.deadletters import DeadLetter
from shopsync_runtime.delivery import Handler, decode, unparsed
from shopsync_runtime.failpoints import failpoint
from shopsync_runtime.failures import is_retryable
from shopsync_runtime.metrics import (
    BATCH_SECONDS,
    BATCH_SIZE,
    DEAD_LETTERS,
    HALTED,
    MESSAGE_AGE,
    MESSAGES,
    OUTSIDE,
    REBALANCES,
    RETRIES,
)
from shopsync_runtime.phases import process_age
from shopsync_runtime.wording import counted

log = structlog.get_logger(__name__)

Records = tuple["ConsumerRecord[bytes | None, bytes | None]", ...]


@dataclass(frozen=True, slots=True)
class SubscriptionOptions:
    """Limits and timeouts of a subscription, in seconds.

    With `parse` False the handler gets the records unparsed. `pending_records` names the records that the handler still
    works on after it returned.
    """

    dead_letter_limit: int
    commit_timeout: float
    revoke_timeout: float
    parse: bool = True
    pending_records: PendingRecords = field(default_factory=NoPendingRecords)


class Subscription:
    """One consumer group over some topics, with one handler.

    Guarantee: at least once, in order per partition. Offsets are committed only after the handler returned and the dead
    letters are acknowledged. FastStream runs the poll loop and passes us raw records. Its own parser would raise on
    null and non-UTF-8 headers and lose the message, whatever the ack policy (streaming rule 2).

    Not covered: a record that aiokafka cannot unpack, such as one with a header *name* that is not UTF-8, which Kafka's
    protocol forbids. Its partition gets stuck right before it, the others go on (see `kafka.consumer`). Metrics, the
    notes of /readyz and the log report it.
    """

    def __init__(
        self,
        name: str,
        *,
        group: str,
        topics: dict[str, TopicSpec],
        handler: Handler,
        publish_letters: PublishLetters,
        options: SubscriptionOptions,
    ) -> None:
        self.name = name
        self.group = group
        self.topics = topics
        self.urgent_topics = frozenset(name for name, spec in topics.items() if not spec.bulk)
        self.description = (handler.__doc__ or "").strip() or None
        self._handler = handler
        self._publish_letters = publish_letters
        self._decode = decode if options.parse else unparsed
        self._pending_records = options.pending_records
        self._revoke_timeout = options.revoke_timeout
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = False
        self._has_finished = False
        self.halted: str | None = None
        self.outside: str | None = None
        self._find_consumer: Callable[[], AIOKafkaConsumer | None] = lambda: None
        self.limit = DeadLetterLimit(options.dead_letter_limit)
        self.partitions = Partitions()
        self.commits = Commits(group, timeout=options.commit_timeout, pending_records=options.pending_records)
        self.progress = Progress(group)
        self.polling = Polling(group, progress=self.progress, commits=self.commits)
        self.listener = RebalanceListener(self)
        HALTED.labels(group).set(0)
        OUTSIDE.labels(group).set(0)

    def bind(self, find_consumer: Callable[[], AIOKafkaConsumer | None]) -> None:
        """Set how to find the consumer, which FastStream creates later."""
        self._find_consumer = find_consumer

    @property
    def consumer(self) -> AIOKafkaConsumer | None:
        """The consumer that FastStream polls; None before start and after stop."""
        return self._find_consumer()

    # For handlers that need to know how far they have read -------------------------------------------------

    def read_to(self, partition: TopicPartition) -> int:
        """Offset after the last handled record of the partition; 0 before the first one."""
        return self.progress.next_of(partition)

    async def ends(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Present end of each of these partitions that is assigned. Raises KafkaError when the broker is down."""
        consumer = self.consumer
        held = [] if consumer is None else [one for one in partitions if one in consumer.assignment()]
        if consumer is None or not held:
            return {}
        ends: dict[TopicPartition, int] = await consumer.end_offsets(held)
        return ends

    # FastStream's three hooks ------------------------------------------------------------------------------

    async def parse(self, records: Records) -> KafkaMessage:
        """Wrap the records unchanged: headers, keys and values stay bytes."""
        first = records[0]
        return KafkaMessage(
            raw_message=records,
            body=b"",
            headers={},
            message_id=f"{first.topic}/{first.partition}@{first.offset}",
            consumer=FAKE_CONSUMER,
        )

    async def decode(self, message: StreamMessage[Any]) -> list[Item]:
        """Turn each record into a delivery or into the reason why it is undecodable. Never raises."""
        return [self._decode(record, self.topics[record.topic]) for record in message.raw_message]

    async def handle(self, items: Any) -> None:
        """Handle one batch, or seek back to it. Only raises when it is cancelled, and then nothing is committed."""
        consumer = self.consumer
        if consumer is None or not items:
            return
        if self._stopping or self.halted:
            self.partitions.rewind(consumer, first_offsets(items))
        else:
            with self._in_flight():
                await self._settle(consumer, items)
        self.polling.handled()

    # -------------------------------------------------------------------------------------------------------

    async def _settle(self, consumer: AIOKafkaConsumer, items: Sequence[Item]) -> None:
        generation = self.partitions.generation
        try:
            outcome = await process(items, handler=self._handler, limit=self.limit, publish=self._publish_letters)
        except Exception as error:  # noqa: BLE001 - a bug of our own must not lose the batch either
            self._requeue(consumer, items, error, generation)
            return
        await self._finish(consumer, outcome, generation)

    def _requeue(self, consumer: AIOKafkaConsumer, items: Sequence[Item], error: Exception, generation: int) -> None:
        RETRIES.labels(self.group, type(error).__name__).inc()
        self.progress.attempted()
        if generation != self.partitions.generation:
            log.info("partitions moved, batch left to their holder", subscription=self.name)
            return
        attempt, delay = self.partitions.retry_later(consumer, first_offsets(items))
        log.warning(
            "batch put back",
            subscription=self.name,
            error=f"{type(error).__name__}: {error}",
            deliveries=len(items),
            attempt=attempt,
            again_in_s=round(delay, 2),
            exc_info=None if is_retryable(error) else error,
        )

    async def _finish(self, consumer: AIOKafkaConsumer, outcome: Outcome, generation: int) -> None:
        self._count(outcome)
        offsets = next_offsets(outcome.settled)
        self.progress.attempted()
        if generation != self.partitions.generation:
            log.info("partitions moved while a batch was in flight, not committed", subscription=self.name)
            return
        self.progress.finished(offsets)
        self.partitions.succeeded(offsets)
        self.commits.add(offsets)
        if outcome.rest:
            self._halt(consumer, outcome.rest)
        await self.commits.flush(consumer)
        failpoint("after_commit")
        if not self._has_finished:
            self._has_finished = True
            log.info("first batch handled", subscription=self.name, after_s=round(process_age(), 3))

    def _count(self, outcome: Outcome) -> None:
        BATCH_SIZE.labels(self.group).observe(len(outcome.settled))
        if outcome.settled:
            MESSAGE_AGE.labels(self.group).observe(max(0.0, time.time() - outcome.settled[0].written_at))
        for topic, count in Counter(item.topic for item in outcome.settled).items():
            MESSAGES.labels(self.group, topic).inc(count)
        for letter in outcome.letters:
            DEAD_LETTERS.labels(self.group, letter.topic, letter.error_type).inc()
            self._log_letter(letter)

    def _log_letter(self, letter: DeadLetter) -> None:
        log.warning(
            "dead letter",
            subscription=self.name,
            topic=letter.topic,
            partition=letter.partition,
            offset=letter.offset,
            error_type=letter.error_type,
            error=str(letter.error)[:500],
        )

    def _halt(self, consumer: AIOKafkaConsumer, rest: Sequence[Item]) -> None:
        partition, offset = rest[0].position
        self.halted = (
            f"more than {counted(self.limit.limit, 'dead letter')} in a row, the last before"
            f" {partition.topic}/{partition.partition}@{offset}"
        )
        HALTED.labels(self.group).set(1)
        self.partitions.stop()
        self.partitions.rewind(consumer, first_offsets(rest))
        consumer.pause(*consumer.assignment())
        log.critical(
            "subscription stopped: find the cause in the dead letters, then restart the service",
            subscription=self.name,
            reason=self.halted,
        )

    @contextlib.contextmanager
    def _in_flight(self) -> Iterator[None]:
        started = time.perf_counter()
        self._idle.clear()
        try:
            yield
        finally:
            self._idle.set()
            BATCH_SECONDS.labels(self.group).observe(time.perf_counter() - started)

    async def wait_idle(self, within: float) -> bool:
        """Wait until no batch is in flight, for at most `within` seconds. Returns False on timeout."""
        try:
            async with asyncio.timeout(within):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def drain(self, within: float) -> None:
        """Take no further batch, finish the one in flight, and commit pending offsets."""
        self._stopping = True
        if not await self.wait_idle(within):
            log.warning("batch in flight did not finish in time, it will come again", subscription=self.name)
        self.partitions.stop()
        if self.consumer is not None:
            await self.commits.flush(self.consumer)

    async def tick(self) -> bool | None:
        """Repeat failed commits and measure the lag. Returns whether the broker answers; None: not known now."""
        if self.consumer is None or not self.partitions.joined or not self.consumer.assignment():
            return None
        await self.commits.flush(self.consumer)
        return await self.progress.measure(self.consumer)

    async def revoked(self, partitions: set[TopicPartition]) -> None:
        """Finish and commit the batch in flight, within bounds, before the partitions are revoked."""
        REBALANCES.labels(self.group).inc()
        if not await self.wait_idle(self._revoke_timeout):
            log.warning("rebalance does not wait longer for the batch in flight", subscription=self.name)
        if self.consumer is not None:
            await self.commits.flush(self.consumer)
        self.partitions.forget(partitions)
        self.commits.forget(partitions)
        self.progress.forget(partitions)
        self.polling.stuck.forget(partitions)
        self._pending_records.forget(partitions)

    def fenced(self, holder: str | None) -> None:
        """Another process has this replica's instance id, and with it the partitions. None: the id is free again."""
        OUTSIDE.labels(self.group).set(0 if holder is None else 1)
        if holder is None:
            self.outside = None
            log.info("the name is free again, back in the group", subscription=self.name, group=self.group)
            return
        self.outside = (
            f"another process ({holder}) has joined {self.group} with this replica's SHOPSYNC_INSTANCE_ID: give each"
            " replica its own, or leave it unset"
        )
        log.critical("stepping aside for a process with the same SHOPSYNC_INSTANCE_ID", reason=self.outside)

    def assigned(self, partitions: set[TopicPartition]) -> None:
        """Start over after a rebalance. A stopped subscription stays stopped."""
        self.partitions.assigned()
        self.progress.attempted()
        if self.halted and self.consumer is not None:
            self.consumer.pause(*partitions)
        log.info("partitions assigned", subscription=self.name, group=self.group, partitions=_shown(partitions))


class RebalanceListener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is untyped
    """Passes aiokafka's callbacks to the subscription."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Called before the group is joined again, and before the first time with no partitions."""
        if revoked:
            await self._subscription.revoked(set(revoked))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Called after the group was joined, without partitions if there are more replicas than partitions."""
        self._subscription.assigned(set(assigned))


def _shown(partitions: set[TopicPartition]) -> list[str]:
    return sorted(f"{tp.topic}/{tp.partition}" for tp in partitions)
