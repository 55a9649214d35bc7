"""Messages to Kafka, and whether they fit, which is checked before anything is sent.

A record that the broker refuses has already used its sequence number, so everything after it on its partition fails
too. Sizes are therefore checked here, against the declared limits of the topics.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from msgspec import Struct

from shopsync_contracts.topics import TOPICS
from shopsync_runtime.errors import PermanentError

Headers = Sequence[tuple[str, bytes | None]]

LARGEST_LIMIT: Final = max(spec.max_message_bytes for spec in TOPICS)
# A limit counts compressed bytes. More than this many bytes before compression are refused without compressing.
MAX_REQUEST: Final = 4 * LARGEST_LIMIT
_ZSTD: Final = 4


class OutgoingMessage(Struct, frozen=True):
    """A message to Kafka, as bytes. `topic` is the full name."""

    topic: str
    value: bytes | None
    key: bytes | None
    headers: Headers = ()


class MessageTooLarge(PermanentError):
    """The topic never takes a message of this size. `size` and `limit` are in bytes."""

    def __init__(self, topic: str, size: int, limit: int, key: bytes | None) -> None:
        self.topic, self.size, self.limit = topic, size, limit
        of = "" if key is None else f" with the key {key[:100].decode(errors='replace')!r}"
        super().__init__(f"a message{of} for {topic} has {size} bytes, at most {limit} are taken")


@cache
def declared_limit(topic: str) -> int:
    """Bytes that a message of this topic (full name) may have; for a topic that is not ours, the largest of ours."""
    return next((spec.max_message_bytes for spec in TOPICS if topic.endswith(f".{spec.name}")), LARGEST_LIMIT)


def size_of(message: OutgoingMessage) -> int:
    """Bytes of the record with its batch, before compression. At least what Kafka counts."""
    return int(DefaultRecordBatchBuilder.estimate_size_in_bytes(message.key, message.value, list(message.headers)))


def excess_of(message: OutgoingMessage, limit: int) -> int | None:
    """Size in bytes of a message above the limit, compressed like the producer does; None if it fits."""
    size = size_of(message)
    if size <= limit:
        return None
    if size > MAX_REQUEST:
        return size
    compressed = compressed_size_of(message)
    return compressed if compressed > limit else None


def compressed_size_of(message: OutgoingMessage) -> int:
    """Bytes of a batch with only this message, compressed like the producer does."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=_ZSTD,
        is_transactional=0,
        producer_id=0,
        producer_epoch=0,
        base_sequence=0,
        batch_size=2 * MAX_REQUEST,
    )
    builder.append(0, None, message.key, message.value, list(message.headers))
    return len(builder.build())
