"""What the publishers report on listing-events, counted per product."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shopsync_contracts import parse
from shopsync_contracts.events import PushFailed, PushSkipped, PushSucceeded, ReviewChanged
from shopsync_contracts.topics import LISTING_EVENTS
from shopsync_rehearsals.bus import Bus


class Outcomes:
    """Events so far, by subject; a repeated event id counts once.

    The task `following` reads them. Only an error ends it.
    """

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()
        self.following: asyncio.Task[None] | None = None
        self.created: Counter[str] = Counter()
        self.approved: set[str] = set()
        self.stock_sent: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()

    def take(self, value: bytes) -> None:
        """Count one message."""
        event = parse(value, topic=LISTING_EVENTS)
        if (event.source, event.id) in self._seen:
            return
        self._seen.add((event.source, event.id))
        match event.data:
            case PushSucceeded() as body:
                self.created[event.subject] += body.action == "created"
                if body.review == "live":  # a push repeated after a crash finds a listing that was approved meanwhile
                    self.approved.add(event.subject)
                sent = [sku for sku in body.skus if sku.stock_sent is not None]
                self.stock_sent.update(f"{event.subject}/{sku.vertical_no}/{sku.horizontal_no}" for sku in sent)
            case ReviewChanged() as body:
                if body.review == "approved":
                    self.approved.add(event.subject)
            case PushFailed() as body:
                self.failures[f"{body.code}: {body.message}"] += 1
            case PushSkipped() as body:
                self.skipped[body.why] += 1

    async def follow(self, consumer: AIOKafkaConsumer) -> None:
        """Count until cancelled."""
        async for record in consumer:
            if record.value is not None:
                self.take(record.value)


@contextlib.asynccontextmanager
async def connected(bootstrap_servers: str, prefix: str) -> AsyncIterator[tuple[Bus, Outcomes]]:
    """A bus to publish on, and the outcomes since the topic's beginning."""
    outcomes = Outcomes()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True, linger_ms=5)
    consumer = AIOKafkaConsumer(
        LISTING_EVENTS.full_name(prefix),
        bootstrap_servers=bootstrap_servers,
        auto_offset_reset="earliest",
        group_id=None,
        isolation_level="read_committed",
    )
    async with producer, consumer:
        outcomes.following = task = asyncio.create_task(outcomes.follow(consumer), name="bench-outcomes")
        try:
            yield Bus(producer, prefix), outcomes
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
