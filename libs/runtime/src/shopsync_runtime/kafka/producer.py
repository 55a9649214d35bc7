"""The only producer of a service. It does not use FastStream.

FastStream's publisher adds headers (correlation_id, content-type) and converts the given ones to text. Dead letters
must keep their headers as bytes, including null values, and events need nothing that FastStream adds. So the runtime
has one AIOKafkaProducer for everything, and the FastStream broker only consumes.
"""

import asyncio
import time
from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    ProducerClosed,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.structs import RecordMetadata
from msgspec import Struct

from shopsync_runtime.backoff import backoff_delay
from shopsync_runtime.cancelling import stop as cancel
from shopsync_runtime.errors import RetryableError
from shopsync_runtime.kafka.admin import topic_setting
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.messages import (
    MAX_REQUEST,
    Headers,
    MessageTooLarge,
    OutgoingMessage,
    compressed_size_of,
    declared_limit,
    excess_of,
    size_of,
)
from shopsync_runtime.kafka.refusals import Refusal
from shopsync_runtime.metrics import PRODUCER_REPLACEMENTS
from shopsync_runtime.wording import error_text

__all__ = ["Headers", "MessageTooLarge", "OutgoingMessage", "Placed", "Producer", "ProducerBroken"]

log = structlog.get_logger(__name__)

_LINGER_MS = 5
_MAX_BATCH = 64 * 1024
_REQUEST_MS = 30_000
# How long to wait for messages queued on the broken producer, so that the messages of a key keep their order.
_DRAIN_SECONDS = 30.0
_REPLACED_SECONDS = 60.0
# So an operator who raises a topic's limit need not restart the service.
_LEARNED_SECONDS = 300.0
# Longer than the longest pause between two attempts.
_REFUSED_SECONDS = 60.0
# Raised before a record has a sequence number.
_HARMLESS = (KafkaTimeoutError, UnknownTopicOrPartitionError, ProducerClosed)
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class ProducerBroken(RetryableError):
    """The broker refused a record. A new producer takes over; send everything again."""


class Placed(Struct, frozen=True):
    """Position of an acknowledged message. `topic` is the full name."""

    topic: str
    partition: int
    offset: int


class Producer:
    """acks=all, idempotent, zstd. Messages of one key keep their order: murmur2 partitioner, one request at a time.

    Records of a partition have consecutive sequence numbers. A batch that finally fails leaves a gap, and the broker
    refuses everything after it (OutOfOrderSequenceNumber). aiokafka does not recover from that, so after any failed
    acknowledgement a new producer with its own sequence takes over.
    """

    def __init__(self, connection: KafkaConnection, *, client_id: str) -> None:
        self._connection = connection
        self._client_id = client_id
        self._producer: AIOKafkaProducer | None = None
        self._limits: dict[str, tuple[int, float]] = {}
        self._replacing: asyncio.Task[None] | None = None
        self._retired: set[asyncio.Task[None]] = set()
        self.fault: str | None = None
        self.refusal = Refusal(_REFUSED_SECONDS)

    async def start(self) -> None:
        """Connect. Raises KafkaError when no broker answers."""
        self._producer = await self._connected()

    async def stop(self) -> None:
        """Send what is queued, then disconnect."""
        if self._replacing is not None:
            await cancel(self._replacing)
        stopping = [one.stop() for one in (self._producer,) if one is not None]
        self._producer = None
        await asyncio.gather(*stopping, *self._retired, return_exceptions=True)

    async def send_all(self, messages: Sequence[OutgoingMessage]) -> list[Placed]:
        """Queue in order and wait until the broker has acknowledged each. Returns their positions in the same order.

        Raises MessageTooLarge before anything is sent. After ProducerBroken or KafkaError some may have arrived: send
        all again, receivers are idempotent.
        """
        self._check_sizes(messages)
        producer = await self._usable()
        acks, unqueued = await self._queue(producer, messages)
        results = await asyncio.gather(*acks, return_exceptions=True)
        for message, result in zip(messages, results, strict=False):
            if isinstance(result, KafkaError):
                await self._failed(producer, message, result)
        if unqueued is not None:
            if isinstance(unqueued, KafkaError) and not isinstance(unqueued, _HARMLESS):
                await self._failed(producer, messages[len(acks)], unqueued)
            raise unqueued
        placed = [_placed(message, result) for message, result in zip(messages, results, strict=True)]
        if self.refusal.text is not None:
            for topic in {one.topic for one in placed}:
                self.refusal.works(f"write {topic}")
        return placed

    @staticmethod
    async def _queue(
        producer: AIOKafkaProducer, messages: Sequence[OutgoingMessage]
    ) -> "tuple[list[asyncio.Future[RecordMetadata]], Exception | None]":
        """The pending acknowledgements, which must all be awaited, and the error that ended the queueing early."""
        acks: list[asyncio.Future[RecordMetadata]] = []
        for message in messages:
            try:
                acks.append(
                    await producer.send(message.topic, message.value, key=message.key, headers=list(message.headers))
                )
            except Exception as error:  # noqa: BLE001 - raised by the caller, after the acknowledgements
                return acks, error
        return acks, None

    def _check_sizes(self, messages: Sequence[OutgoingMessage]) -> None:
        for message in messages:
            limit = self._limit(message.topic)
            if (size := excess_of(message, limit)) is not None:
                raise MessageTooLarge(message.topic, size, limit, message.key)

    def _limit(self, topic: str) -> int:
        limit, until = self._limits.get(topic, (0, 0.0))
        return limit if time.monotonic() < until else declared_limit(topic)

    async def _usable(self) -> AIOKafkaProducer:
        if self._replacing is not None:
            await asyncio.wait({self._replacing}, timeout=_REPLACED_SECONDS)
        if self.fault is not None:
            raise ProducerBroken(self.fault)
        if self._producer is None:
            raise ProducerClosed("the producer is not started, or stopped already")
        return self._producer

    async def _failed(self, producer: AIOKafkaProducer, message: OutgoingMessage, error: KafkaError) -> None:
        is_told = isinstance(error, TopicAuthorizationFailedError) and not self.refusal.note(f"write {message.topic}")
        if producer is self._producer:  # not replaced yet because of an earlier failure
            self._producer = None
            self.fault = f"being replaced: {message.topic}: {error_text(error)}"
            PRODUCER_REPLACEMENTS.labels(type(error).__name__).inc()
            tell = log.debug if is_told else log.error  # who sends it logs each try, with the same error
            tell("a record was refused, the producer is replaced", topic=message.topic, error=error_text(error))
            self._replacing = asyncio.create_task(self._replace(producer, is_told=is_told), name="producer-replacing")
        if isinstance(error, _TOO_LARGE) and size_of(message) > _MAX_BATCH:  # it was alone in its batch
            await self._learn_limit(message)

    async def _learn_limit(self, message: OutgoingMessage) -> None:
        """Store that the topic takes less than declared, so that the next attempt names the oversized message."""
        declared = declared_limit(message.topic)
        try:
            limit = int(await topic_setting(self._connection, message.topic, "max.message.bytes"))
        except (KafkaError, OSError, ValueError) as error:
            log.warning("cannot ask for the limit of a topic", topic=message.topic, error=error_text(error))
            limit = compressed_size_of(message) - 1
        self._limits[message.topic] = min(limit, declared), time.monotonic() + _LEARNED_SECONDS
        log.error("the topic takes less than declared", topic=message.topic, limit=limit, declared=declared)

    async def _replace(self, broken: AIOKafkaProducer, *, is_told: bool) -> None:
        retired = asyncio.create_task(broken.stop(), name="producer-retired")
        self._retired.add(retired)
        retired.add_done_callback(self._retired.discard)
        await asyncio.wait({retired}, timeout=_DRAIN_SECONDS)
        began, attempt = time.monotonic(), 0
        while True:
            try:
                self._producer = await self._connected()
            except (KafkaError, OSError) as error:
                attempt += 1
                self.fault = f"cannot be replaced: {error_text(error)}"
                await asyncio.sleep(backoff_delay(attempt))
            else:
                self.fault = None
                tell = log.debug if is_told and not attempt else log.info
                tell("producer replaced", attempts=attempt + 1, seconds=round(time.monotonic() - began, 2))
                return

    async def _connected(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._connection.options(),
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=_LINGER_MS,
            compression_type="zstd",
            max_batch_size=_MAX_BATCH,
            max_request_size=MAX_REQUEST,
            request_timeout_ms=_REQUEST_MS,
        )
        self._connection.follow_password(producer.client)
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer


def _placed(message: OutgoingMessage, result: RecordMetadata | BaseException) -> Placed:
    if isinstance(result, KafkaError):
        raise ProducerBroken(f"{message.topic}: {error_text(result)}") from result
    if isinstance(result, BaseException):
        raise result
    return Placed(result.topic, result.partition, result.offset)
