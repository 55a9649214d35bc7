"""The one producer of a service, below FastStream.

FastStream's own publisher adds headers (correlation_id, content-type) and rebuilds the given ones as text. Dead
letters must keep their headers as bytes, null values included, and ordinary events need nothing that FastStream
would add. So the runtime owns one AIOKafkaProducer for everything, and the FastStream broker is consumer-only.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerClosed
from aiokafka.structs import RecordMetadata

Headers = Sequence[tuple[str, bytes | None]]

_LINGER_MS = 5
_MAX_BATCH = 64 * 1024
# Above the largest topic limit of the contracts: the broker decides what is too large, topic by topic.
_MAX_REQUEST = 4 * 1024 * 1024
_REQUEST_MS = 30_000


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to Kafka, byte by byte. `topic` is the full name."""

    topic: str
    value: bytes | None
    key: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an acknowledged message stands. `topic` is the full name."""

    topic: str
    partition: int
    offset: int


class Producer:
    """acks=all, idempotent, lz4. Messages of one key keep their order: murmur2 partitioner, one request at a time."""

    def __init__(self, bootstrap_servers: str, *, client_id: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._client_id = client_id
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect. Raises KafkaError when no broker answers."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=_LINGER_MS,
            compression_type="lz4",
            max_batch_size=_MAX_BATCH,
            max_request_size=_MAX_REQUEST,
            request_timeout_ms=_REQUEST_MS,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def stop(self) -> None:
        """Send what is queued, then disconnect."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def send_all(self, messages: Sequence[Message]) -> list[Placed]:
        """Queue in order and wait until the broker has acknowledged each. Returns their places, in the same order.

        Raises the first KafkaError. When it raises, some may have arrived and some not: send all again, receivers are
        idempotent.
        """
        if self._producer is None:
            raise ProducerClosed("the producer is not started, or stopped already")
        acks: list[asyncio.Future[RecordMetadata]] = []
        try:
            for message in messages:
                acks.append(await self._queue(self._producer, message))  # noqa: PERF401 - kept when one raises
        finally:
            # Also after a failure half-way: no acknowledgement may be left unread.
            results = await asyncio.gather(*acks, return_exceptions=True)
        placed: list[Placed] = []
        for result in results:
            if isinstance(result, BaseException):
                raise result
            placed.append(Placed(result.topic, result.partition, result.offset))
        return placed

    @staticmethod
    async def _queue(producer: AIOKafkaProducer, message: Message) -> "asyncio.Future[RecordMetadata]":
        queued: asyncio.Future[RecordMetadata] = await producer.send(
            message.topic, message.value, key=message.key, headers=list(message.headers)
        )
        return queued
