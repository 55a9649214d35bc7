"""Dead letters: messages that can never succeed, published unchanged with the reason in headers (architecture 3.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shopsync_runtime.delivery import Headers as Pairs
from shopsync_runtime.delivery import RefusedDelivery, Undecodable
from shopsync_runtime.kafka.messages import Headers, OutgoingMessage, declared_limit, excess_of

X_TOPIC = "x-topic"
X_PARTITION = "x-partition"
X_OFFSET = "x-offset"
X_SERVICE = "x-service"
X_ERROR_TYPE = "x-error-type"
X_ERROR = "x-error"
X_FAILED_AT = "x-failed-at"
X_NULL_VALUE = "x-null-value"
X_LEFT_OUT = "x-left-out"
X_VALUE_BYTES = "x-value-bytes"
OWN_HEADERS = frozenset(
    {
        X_TOPIC,
        X_PARTITION,
        X_OFFSET,
        X_SERVICE,
        X_ERROR_TYPE,
        X_ERROR,
        X_FAILED_AT,
        X_NULL_VALUE,
        X_LEFT_OUT,
        X_VALUE_BYTES,
    }
)

_LONGEST_REASON = 2_000  # bytes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Source and bytes of the original record, and why it failed."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Pairs
    error: Exception

    @property
    def error_type(self) -> str:
        """Class name of the error."""
        return type(self.error).__name__


def dead_letter_of(failed: RefusedDelivery | Undecodable) -> DeadLetter:
    """The dead letter of a refused delivery or an undecodable record."""
    source = failed.delivery if isinstance(failed, RefusedDelivery) else failed.record
    return DeadLetter(
        topic=source.topic,
        partition=source.partition,
        offset=source.offset,
        key=source.key,
        value=source.value,
        headers=tuple(source.headers),
        error=failed.error,
    )


def messages_of(
    letters: Sequence[DeadLetter], *, topic: str, service: str, failed_at: datetime
) -> list[OutgoingMessage]:
    """The records to publish. `topic` is the dead-letter topic's full name, `failed_at` is aware.

    Key, value and foreign headers are kept byte by byte, including null. `x-*` headers of an earlier dead letter are
    replaced. Kafka allows a record without key and value, but aiokafka cannot send it: it gets an empty value and the
    header `x-null-value`.

    A record that its publisher compressed can be larger than any topic takes. In that case the value is left out, then
    the foreign headers, then the key, until it fits. `x-left-out` names what is missing and `x-value-bytes` is the size
    of the value. The original is at `x-topic`, `x-partition` and `x-offset` until retention removes it.
    """
    return [_message(letter, topic=topic, service=service, failed_at=failed_at) for letter in letters]


def _message(letter: DeadLetter, *, topic: str, service: str, failed_at: datetime) -> OutgoingMessage:
    limit = declared_limit(topic)
    own = _own_headers(letter, service, failed_at)
    foreign = _without_own(letter.headers)
    whole = _built(topic, letter.key, letter.value, [*foreign, *own])
    if excess_of(whole, limit) is None:
        return whole
    size = (X_VALUE_BYTES, str(len(letter.value or b"")).encode())
    shortened = (
        _built(topic, letter.key, b"", [*foreign, *own, size, (X_LEFT_OUT, b"value")]),
        _built(topic, letter.key, b"", [*own, size, (X_LEFT_OUT, b"value, headers")]),
        _built(topic, None, b"", [*own, size, (X_LEFT_OUT, b"value, headers, key")]),
    )
    return next((one for one in shortened if excess_of(one, limit) is None), shortened[-1])


def _built(topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> OutgoingMessage:
    if value is None and key is None:
        return OutgoingMessage(topic=topic, value=b"", key=None, headers=[*headers, (X_NULL_VALUE, b"true")])
    return OutgoingMessage(topic=topic, value=value, key=key, headers=headers)


def _own_headers(letter: DeadLetter, service: str, failed_at: datetime) -> list[tuple[str, bytes]]:
    reason = str(letter.error).encode(errors="replace")[:_LONGEST_REASON].decode(errors="ignore")
    own = (
        (X_TOPIC, letter.topic),
        (X_PARTITION, str(letter.partition)),
        (X_OFFSET, str(letter.offset)),
        (X_SERVICE, service),
        (X_ERROR_TYPE, letter.error_type),
        (X_ERROR, reason),
        (X_FAILED_AT, failed_at.isoformat()),
    )
    return [(name, text.encode()) for name, text in own]


def _without_own(headers: Iterable[tuple[str, bytes | None]]) -> list[tuple[str, bytes | None]]:
    return [(name, value) for name, value in headers if name.lower() not in OWN_HEADERS]
