"""Sending many messages, some at a time, so that memory stays small."""

from collections.abc import Iterable

from shopsync_runtime.chunks import batched
from shopsync_runtime.kafka.messages import OutgoingMessage
from shopsync_runtime.kafka.producer import Producer

CHUNK = 500


async def send_in_chunks(producer: Producer, messages: Iterable[OutgoingMessage]) -> int:
    """Send in order. Returns how many were acknowledged."""
    sent = 0
    for chunk in batched(messages, CHUNK):
        await producer.send_all(chunk)
        sent += len(chunk)
    return sent
