"""Arguments and results of message handlers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from msgspec import Struct

from shopsync_contracts import ContractError, EmptyValue, Event, NotCloudEvent, NotJson, TopicSpec, parse
from shopsync_contracts.limits import MAX_TRACE
from shopsync_runtime.errors import PermanentError
from shopsync_runtime.tracing import context_of, continuing

Headers = tuple[tuple[str, bytes | None], ...]

_TRACEPARENT = "traceparent"


@cache
def _partition(topic: str, number: int) -> TopicPartition:
    return TopicPartition(topic, number)


class Delivery(Struct, frozen=True):
    """One record that follows the wire format, identified by (topic, partition, offset).

    `timestamp` is the record's timestamp (aware, UTC): the broker's clock, or the producer's on topics with CreateTime.
    Values of `headers` may be null. `event` raises LookupError for a tombstone, and for every delivery of a
    subscription that does not parse its records.
    """

    topic: str
    partition: int
    offset: int
    timestamp: datetime
    key: bytes | None
    value: bytes | None
    headers: Headers
    spec: TopicSpec
    parsed: Event[Any] | None

    @property
    def event(self) -> Event[Any]:
        """The parsed message."""
        if self.parsed is None:
            raise LookupError(f"{self.topic}/{self.partition}@{self.offset} is a tombstone or unparsed, without event")
        return self.parsed

    @property
    def written_at(self) -> float:
        """`timestamp` in Unix seconds."""
        return self.timestamp.timestamp()

    @property
    def traceparent(self) -> str | None:
        """The trace that the handling of this message belongs to: of its span, else as its publisher gave it.

        A `traceparent` in the envelope goes before one in a header, which instrumented clients of other systems add.
        """
        own = self.parsed.traceparent if self.parsed else None
        return context_of((self.topic, self.partition, self.offset), own or self._traceparent_header())

    def _traceparent_header(self) -> str | None:
        for name, value in self.headers:
            if name == _TRACEPARENT and value is not None:
                return value[:MAX_TRACE].decode("ascii", "ignore") or None
        return None

    @property
    def is_tombstone(self) -> bool:
        """Whether this is a null value on a topic where null means 'deleted'."""
        return self.value is None and self.spec.tombstones

    @property
    def position(self) -> tuple[TopicPartition, int]:
        """Partition and offset, for offsets' sake."""
        return _partition(self.topic, self.partition), self.offset


@dataclass(frozen=True, slots=True)
class RefusedDelivery:
    """A delivery that can never be handled. It becomes a dead letter with this error as its reason."""

    delivery: Delivery
    error: Exception


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A record that breaks the wire format. No handler sees it."""

    record: "ConsumerRecord[bytes | None, bytes | None]"
    error: Exception

    @property
    def topic(self) -> str:
        """Full name of its topic."""
        return str(self.record.topic)

    @property
    def written_at(self) -> float:
        """The record's timestamp in Unix seconds."""
        return max(float(self.record.timestamp), 0.0) / 1000

    @property
    def position(self) -> tuple[TopicPartition, int]:
        """Partition and offset, for offsets' sake."""
        return _partition(self.record.topic, self.record.partition), self.record.offset


Handler = Callable[[Sequence[Delivery]], Awaitable[Sequence[RefusedDelivery]]]
HandleOne = Callable[[Delivery], Awaitable[None]]


def decode(record: "ConsumerRecord[bytes | None, bytes | None]", spec: TopicSpec) -> Delivery | Undecodable:
    """Read one record. Never raises, since invalid bytes must not stop the poll loop."""
    try:
        parsed = None if _is_tombstone(record, spec) else parse(record.value, key=record.key, topic=spec)
    except (EmptyValue, NotCloudEvent, NotJson) as error:
        return Undecodable(record, type(error)(f"{error}{_binary_mode_hint(record)}"))
    except ContractError as error:
        return Undecodable(record, error)
    except Exception as error:  # noqa: BLE001 - a bug in the parser must cost one message, not the partition
        return Undecodable(record, error)
    return _delivery(record, spec, parsed)


def unparsed(record: "ConsumerRecord[bytes | None, bytes | None]", spec: TopicSpec) -> Delivery:
    """The record as it is, for a handler that reads the bytes itself."""
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


def _binary_mode_hint(record: "ConsumerRecord[bytes | None, bytes | None]") -> str:
    """A hint for senders that use CloudEvents' binary mode, with the attributes in headers; else empty."""
    if not any(name.lower() == "ce_specversion" for name, _ in record.headers):
        return ""
    return "; the attributes stand in headers (CloudEvents' binary mode): send the whole event as the value"


def _is_tombstone(record: "ConsumerRecord[bytes | None, bytes | None]", spec: TopicSpec) -> bool:
    return spec.tombstones and record.value is None and record.key is not None


def each(handle_one: HandleOne) -> Handler:
    """Turn a handler of one delivery into a batch handler, which calls it in order.

    A PermanentError refuses that delivery, and the rest goes on. Any other exception ends the batch, which is retried
    as a whole (infrastructure) or one by one (a bug), see `consuming.process`. Then deliveries that were already
    handled are repeated, so `handle_one` must be idempotent.
    """

    async def handle(batch: Sequence[Delivery]) -> Sequence[RefusedDelivery]:
        refused = []
        for delivery in batch:
            with continuing(delivery.traceparent):
                try:
                    await handle_one(delivery)
                except PermanentError as error:
                    refused.append(RefusedDelivery(delivery, error))
        return refused

    handle.__name__ = getattr(handle_one, "__name__", "handle")
    handle.__doc__ = handle_one.__doc__
    return handle
