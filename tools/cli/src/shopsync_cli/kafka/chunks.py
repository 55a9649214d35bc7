"""Sending many messages, some at a time, so that memory stays small."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from shopsync_runtime.kafka.messages import Message
from shopsync_runtime.kafka.producer import Producer

T = TypeVar("T")
CHUNK = 500


async def send_in_chunks(producer: Producer, messages: Iterable[Message]) -> int:
    """Send in order. Returns how many were acknowledged."""
    sent = 0
    for chunk in batched(messages, CHUNK):
        await producer.send_all(chunk)
        sent += len(chunk)
    return sent


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` in order, the last one shorter: `itertools.batched` of Python 3.12."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
