"""Stored events on their way to Kafka: published at least once, in the order they were stored."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from weakref import WeakValueDictionary

import structlog

from publisher.model import OutboxEntry
from publisher.store import Listings
from shopsync_contracts import Event, ProductBody, parse
from shopsync_contracts.topics import LISTING_EVENTS
from shopsync_runtime import EventPublisher
from shopsync_runtime.cancelling import raise_if_cancelled

log = structlog.get_logger(__name__)

_PAGE = 200
_REST_SECONDS = 15.0

Send = Callable[[Sequence[OutboxEntry]], Awaitable[None]]


class Outbox:
    """Publishes the events in the outboxes of the listings."""

    def __init__(self, listings: Listings, events: EventPublisher) -> None:
        self._listings = listings
        self._events = events
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def entry(self, body: ProductBody, event_id: str) -> OutboxEntry:
        """The event to store. `event_id` is derived from the cause, so that a repeat has the same id."""
        event: Event[ProductBody] = self._events.event(body, id=event_id)
        return OutboxEntry(event_id, event.to_bytes().decode())

    @contextlib.asynccontextmanager
    async def line(self, subject: str) -> AsyncIterator[Send]:
        """Hold the lock on the listing's outbox: two publishers could swap events, or publish one twice.

        Yields a function that publishes entries that were unsent at a read or write within the block, and removes them
        once Kafka has acknowledged them.
        """

        async def send(entries: Sequence[OutboxEntry]) -> None:
            if entries:
                await self._events.publish_all([(LISTING_EVENTS, parse(entry.event.encode())) for entry in entries])
                await self._listings.sent(subject, [entry.id for entry in entries])

        async with self._locks.setdefault(subject, asyncio.Lock()):
            yield send

    async def publish(self, subject: str) -> None:
        """Publish the listing's unsent events."""
        async with self.line(subject) as send:
            await send(await self._listings.unsent(subject))

    async def publish_event(self, body: ProductBody, event_id: str) -> None:
        """Publish an event without storing it first: its job still exists and would repeat it."""
        await self._events.publish(LISTING_EVENTS, self._events.event(body, id=event_id))

    async def relay(self) -> None:
        """Until cancelled: publish what is left after a crash or while the broker was away."""
        while True:
            raise_if_cancelled()
            subjects = await self._listings.with_unsent(_PAGE)
            for subject in subjects:
                await self.publish(subject)
            if subjects:
                log.info("unsent listing events published", listings=len(subjects))
            if len(subjects) < _PAGE:
                await asyncio.sleep(_REST_SECONDS)
