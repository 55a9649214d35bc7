"""Messages that can never succeed, put aside unchanged with the reason beside them (architecture 3.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shopsync_runtime.delivery import Headers, Refusal, Undecodable
from shopsync_runtime.kafka.producer import Message

X_TOPIC = "x-topic"
X_PARTITION = "x-partition"
X_OFFSET = "x-offset"
X_SERVICE = "x-service"
X_ERROR_TYPE = "x-error-type"
X_ERROR = "x-error"
X_FAILED_AT = "x-failed-at"
X_NULL_VALUE = "x-null-value"
OWN_HEADERS = frozenset({X_TOPIC, X_PARTITION, X_OFFSET, X_SERVICE, X_ERROR_TYPE, X_ERROR, X_FAILED_AT, X_NULL_VALUE})

_LONGEST_REASON = 2_000  # bytes: a reason is read by a person


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The original record's coordinates and bytes, and why it failed."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    error: Exception

    @property
    def error_type(self) -> str:
        """Class name of the reason."""
        return type(self.error).__name__


def dead_letter_of(failed: Refusal | Undecodable) -> DeadLetter:
    """The dead letter of a refused delivery or an undecodable record."""
    source = failed.delivery if isinstance(failed, Refusal) else failed.record
    return DeadLetter(
        topic=source.topic,
        partition=source.partition,
        offset=source.offset,
        key=source.key,
        value=source.value,
        headers=tuple(source.headers),
        error=failed.error,
    )


def messages_of(letters: Sequence[DeadLetter], *, topic: str, service: str, failed_at: datetime) -> list[Message]:
    """The records to publish. `topic` is the dead-letter topic's full name, `failed_at` is aware.

    Key, value and foreign headers are kept byte by byte, null values too; `x-*` headers of an earlier
    dead-lettering are replaced. aiokafka cannot send a record that has neither key nor value, which Kafka allows:
    such a one gets an empty value and the header `x-null-value`.
    """
    return [_message(letter, topic=topic, service=service, failed_at=failed_at) for letter in letters]


def _message(letter: DeadLetter, *, topic: str, service: str, failed_at: datetime) -> Message:
    reason = str(letter.error).encode(errors="replace")[:_LONGEST_REASON].decode(errors="ignore")
    own = [
        (X_TOPIC, letter.topic),
        (X_PARTITION, str(letter.partition)),
        (X_OFFSET, str(letter.offset)),
        (X_SERVICE, service),
        (X_ERROR_TYPE, letter.error_type),
        (X_ERROR, reason),
        (X_FAILED_AT, failed_at.isoformat()),
    ]
    value = letter.value
    if value is None and letter.key is None:
        value = b""
        own.append((X_NULL_VALUE, "true"))
    headers = [*_without_own(letter.headers), *((name, text.encode()) for name, text in own)]
    return Message(topic=topic, value=value, key=letter.key, headers=headers)


def _without_own(headers: Iterable[tuple[str, bytes | None]]) -> list[tuple[str, bytes | None]]:
    return [(name, value) for name, value in headers if name.lower() not in OWN_HEADERS]
