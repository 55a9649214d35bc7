"""What a handler gets and returns."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from shopsync_contracts import ContractError, Event, NotCloudEvent, TopicSpec, parse
from shopsync_runtime.errors import PermanentError
from shopsync_runtime.tracing import continuing

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One record that follows the wire format. (topic, partition, offset) names it for good.

    `timestamp` is the record's stamp on the broker (aware, UTC): the producer's clock on topics with CreateTime.
    `headers` values may be null. `event` raises LookupError for the tombstone of a compacted topic, and for every
    delivery of a subscription that takes its records unparsed.
    """

    topic: str
    partition: int
    offset: int
    timestamp: datetime
    key: bytes | None
    value: bytes | None
    headers: Headers
    spec: TopicSpec
    parsed: Event[Any] | None = field(repr=False)

    @property
    def event(self) -> Event[Any]:
        """The parsed message."""
        if self.parsed is None:
            raise LookupError(f"{self.topic}/{self.partition}@{self.offset} is a tombstone or unparsed, without event")
        return self.parsed

    @property
    def is_tombstone(self) -> bool:
        """A null value on a topic whose null values mean 'deleted'."""
        return self.value is None and self.spec.tombstones

    @property
    def position(self) -> tuple[TopicPartition, int]:
        """Partition and offset, for offsets' sake."""
        return TopicPartition(self.topic, self.partition), self.offset


@dataclass(frozen=True, slots=True)
class Refusal:
    """A delivery that can never be handled: it goes to the dead letters with this error as its reason."""

    delivery: Delivery
    error: Exception


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A record that breaks the wire format: no handler ever sees it."""

    record: "ConsumerRecord[bytes | None, bytes | None]"
    error: Exception

    @property
    def position(self) -> tuple[TopicPartition, int]:
        """Partition and offset, for offsets' sake."""
        return TopicPartition(self.record.topic, self.record.partition), self.record.offset


Handler = Callable[[Sequence[Delivery]], Awaitable[Sequence[Refusal]]]
HandleOne = Callable[[Delivery], Awaitable[None]]


def decode(record: "ConsumerRecord[bytes | None, bytes | None]", spec: TopicSpec) -> Delivery | Undecodable:
    """Read one record. Never raises: whatever is wrong with the bytes is this message's fault, not the loop's."""
    try:
        parsed = None if _is_tombstone(record, spec) else parse(record.value, key=record.key, topic=spec)
    except NotCloudEvent as error:
        return Undecodable(record, NotCloudEvent(f"{error}{_told_of_mode(record)}"))
    except ContractError as error:
        return Undecodable(record, error)
    except Exception as error:  # noqa: BLE001 - a parser's own failure must cost one message, not the partition
        return Undecodable(record, error)
    return _delivery(record, spec, parsed)


def unparsed(record: "ConsumerRecord[bytes | None, bytes | None]", spec: TopicSpec) -> Delivery:
    """The record as it is, for a handler that reads the bytes itself. Nothing is undecodable."""
    return _delivery(record, spec, None)


def _delivery(
    record: "ConsumerRecord[bytes | None, bytes | None]", spec: TopicSpec, parsed: Event[Any] | None
) -> Delivery:
    return Delivery(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC),
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
        spec=spec,
        parsed=parsed,
    )


def _told_of_mode(record: "ConsumerRecord[bytes | None, bytes | None]") -> str:
    """CloudEvents' binary mode has its attributes in headers, where a line typed into a tool has none."""
    if not any(name.lower() == "ce_specversion" for name, _ in record.headers):
        return ""
    return "; the attributes stand in headers (CloudEvents' binary mode): send the whole event as the value"


def _is_tombstone(record: "ConsumerRecord[bytes | None, bytes | None]", spec: TopicSpec) -> bool:
    return spec.tombstones and record.value is None and record.key is not None


def each(handle_one: HandleOne) -> Handler:
    """Make a batch handler of one that takes a single delivery, in order, one after the other.

    PermanentError becomes a refusal of that delivery and the rest goes on. Any other exception ends the batch:
    it is tried again (infrastructure) or taken apart (a bug), see `consuming.process`. Either way deliveries already
    handled come again, so `handle_one` must be idempotent.
    """

    async def handle(batch: Sequence[Delivery]) -> Sequence[Refusal]:
        refused = []
        for delivery in batch:
            with continuing(delivery.parsed.traceparent if delivery.parsed else None):
                try:
                    await handle_one(delivery)
                except PermanentError as error:
                    refused.append(Refusal(delivery, error))
        return refused

    handle.__name__ = getattr(handle_one, "__name__", "handle")
    handle.__doc__ = handle_one.__doc__
    return handle
