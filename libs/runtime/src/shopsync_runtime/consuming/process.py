"""The delivery protocol of one batch, without Kafka's consumer: dead letters, handled messages, retries.

1. Records that break the wire format become dead letters. No handler sees them.
2. The handler gets the others as one batch.
   - If something outside is down (see `failures.is_retryable`), the exception is raised and the whole batch is retried.
   - Any other exception is a bug or a poison message. It is not known which message is at fault, so the batch is
     repeated one delivery at a time. A delivery that fails alone becomes a dead letter with that exception, the rest
     goes on. Waiting would not help: a single such message would block its partition indefinitely. The price:
     handlers see deliveries again, so they must be idempotent. A bug that fails on everything would fill the dead
     letters, so there is a limit to dead letters in a row.
3. All dead letters are published and acknowledged before anything is committed.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from aiokafka import TopicPartition

from shopsync_runtime.consuming.limit import DeadLetterLimit
from shopsync_runtime.deadletters import DeadLetter, dead_letter_of
from shopsync_runtime.delivery import Delivery, Handler, RefusedDelivery, Undecodable
from shopsync_runtime.failpoints import failpoint
from shopsync_runtime.failures import is_retryable
from shopsync_runtime.tracing import continuing

log = structlog.get_logger(__name__)

Item = Delivery | Undecodable
Position = tuple[TopicPartition, int]
PublishLetters = Callable[[Sequence[DeadLetter]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The handled part of a batch. `rest` is what the dead-letter limit held back; it must not be committed."""

    settled: Sequence[Item]
    letters: Sequence[DeadLetter]
    rest: Sequence[Item]


async def process(
    items: Sequence[Item], *, handler: Handler, limit: DeadLetterLimit, publish: PublishLetters
) -> Outcome:
    """Run the protocol. Only raises errors for which `is_retryable` holds, and then nothing is handled."""
    failpoint("before_handler")
    admitted = items[: limit.admit([isinstance(item, Undecodable) for item in items])]
    failed = await _handle(admitted, handler)
    dead = [item.position in failed for item in admitted] if failed else [False] * len(admitted)
    settled = admitted[: limit.admit(dead)]
    letters = [dead_letter_of(failed[item.position]) for item, is_dead in zip(settled, dead, strict=False) if is_dead]
    failpoint("after_handler_before_commit")
    if letters:
        await publish(letters)
        failpoint("after_dead_letter_before_commit")
    limit.record(dead[: len(settled)])
    return Outcome(settled=settled, letters=letters, rest=items[len(settled) :])


async def _handle(items: Sequence[Item], handler: Handler) -> dict[Position, RefusedDelivery | Undecodable]:
    failed: dict[Position, RefusedDelivery | Undecodable] = {
        item.position: item for item in items if isinstance(item, Undecodable)
    }
    good = [item for item in items if isinstance(item, Delivery)]
    if good:
        for refusal in await _call(good, handler):
            failed[refusal.delivery.position] = refusal
    return failed


async def _call(batch: Sequence[Delivery], handler: Handler) -> Sequence[RefusedDelivery]:
    try:
        return await _traced(batch, handler)
    except Exception as error:
        if is_retryable(error):
            raise
        log.exception("handler failed, taking the batch one delivery at a time", deliveries=len(batch))
    refused: list[RefusedDelivery] = []
    for delivery in batch:
        refused += await _call_alone(delivery, handler)
    return refused


async def _call_alone(delivery: Delivery, handler: Handler) -> Sequence[RefusedDelivery]:
    try:
        return await _traced([delivery], handler)
    except Exception as error:
        if is_retryable(error):
            raise
        return [RefusedDelivery(delivery, error)]


async def _traced(batch: Sequence[Delivery], handler: Handler) -> Sequence[RefusedDelivery]:
    with continuing(batch[0].traceparent if len(batch) == 1 else None):
        return await handler(batch)


def next_offsets(items: Sequence[Item]) -> dict[TopicPartition, int]:
    """Offset after the last item of each partition, to commit."""
    offsets: dict[TopicPartition, int] = {}
    for item in items:
        partition, offset = item.position
        offsets[partition] = max(offset + 1, offsets.get(partition, 0))
    return offsets


def first_offsets(items: Sequence[Item]) -> dict[TopicPartition, int]:
    """Offset of the first item of each partition, to seek back to."""
    offsets: dict[TopicPartition, int] = {}
    for item in items:
        partition, offset = item.position
        offsets[partition] = min(offset, offsets.get(partition, offset))
    return offsets
