"""A rehearsal's side of Kafka: it publishes like any other system, and follows what the services publish."""

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shopsync_contracts import Event, ShopBody, TopicSpec, new_event, parse, topic_of
from shopsync_contracts.envelope import CONTENT_TYPE
from shopsync_contracts.events import ProductSnapshot, PushFailed, PushSkipped, PushSucceeded, ReviewChanged
from shopsync_contracts.topics import CATALOG_PRODUCTS, DEAD_LETTERS, LISTING_EVENTS, REPORTS

SOURCE = "/demo/back-office"
_FOLLOWED = (CATALOG_PRODUCTS, LISTING_EVENTS, REPORTS)


class Bus:
    """Publishes events, each acknowledged by the broker before the call returns."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str) -> None:
        self._producer = producer
        self._prefix = prefix

    async def publish(self, bodies: Sequence[ShopBody]) -> list[str]:
        """Publish each body on its topic under a fresh event id, now. Returns the ids in order."""
        events = [new_event(body, source=SOURCE, id=str(uuid.uuid4()), time=datetime.now(UTC)) for body in bodies]
        acknowledgements = [
            await self._producer.send(
                topic_of(type(event.data)).full_name(self._prefix),
                value=event.to_bytes(),
                key=event.key(),
                headers=[("content-type", CONTENT_TYPE.encode())],
            )
            for event in events
        ]
        await asyncio.gather(*acknowledgements)
        return [event.id for event in events]


class Follower:
    """The newest snapshot per product, and the listing events and reports so far. A repeated event id counts once.

    Follows one shop, or all of them. `elsewhere` and `letters_elsewhere` hold products and dead letters of other shops.
    """

    def __init__(self, prefix: str, *, shop: str | None) -> None:
        self._shop = shop
        self._specs: dict[str, TopicSpec] = {spec.full_name(prefix): spec for spec in _FOLLOWED}
        self._dead_letters = DEAD_LETTERS.full_name(prefix)
        self._seen: set[tuple[str, str]] = set()
        self._changed = asyncio.Condition()
        self.snapshots: dict[str, ProductSnapshot] = {}
        self.removed: set[str] = set()
        self.reports: list[Any] = []
        self.pushes: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.reviews: Counter[str] = Counter()
        self.stock_sent: Counter[str] = Counter()
        self.dead_letters: list[str] = []
        self.elsewhere: dict[str, ProductSnapshot] = {}
        self.letters_elsewhere: list[str] = []

    @property
    def topics(self) -> list[str]:
        return [*self._specs, self._dead_letters]

    async def follow(self, consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            if record.topic == self._dead_letters:
                mine = record.key is None or self._is_mine(record.key.decode(errors="replace"))
                (self.dead_letters if mine else self.letters_elsewhere).append(_reason(record.headers))
            else:
                self._take(self._specs[record.topic], record.key, record.value)
            async with self._changed:
                self._changed.notify_all()

    def _take(self, spec: TopicSpec, key: bytes | None, value: bytes | None) -> None:
        if value is None:
            subject = (key or b"").decode()
            self.snapshots.pop(subject, None)
            self.removed.add(subject)
            return
        event = parse(value, topic=spec)
        if not self._is_mine(event.subject):
            if isinstance(event.data, ProductSnapshot):
                self.elsewhere[event.subject] = event.data
            return
        if isinstance(event.data, ProductSnapshot):
            self._take_snapshot(event.subject, event.data)
        elif (event.source, event.id) not in self._seen:
            self._seen.add((event.source, event.id))
            self._count(event)

    def _take_snapshot(self, subject: str, snapshot: ProductSnapshot) -> None:
        known = self.snapshots.get(subject)
        if known is None or snapshot.version >= known.version:
            self.snapshots[subject] = snapshot

    def _count(self, event: Event[Any]) -> None:
        body = event.data
        if isinstance(body, PushSucceeded):
            self.pushes[body.action] += 1
            self.stock_sent.update(
                f"{event.subject}/{sku.vertical_no}/{sku.horizontal_no}"
                for sku in body.skus
                if sku.stock_sent is not None
            )
        elif isinstance(body, ReviewChanged):
            self.reviews[body.review] += 1
        elif isinstance(body, PushFailed):
            self.pushes["failed"] += 1
            self.failures[f"{body.status}: {body.message}"] += 1
        elif isinstance(body, PushSkipped):
            self.pushes["skipped"] += 1
        else:
            self.reports.append(body)

    def report(self, kind: type[ShopBody], request_id: str) -> Any:
        """The report of this type that answers the request, or None."""
        mine = (report for report in self.reports if isinstance(report, kind))
        return next((report for report in mine if vars(report).get("request_id") == request_id), None)

    def _is_mine(self, subject: str) -> bool:
        """Whether this subject, a product `shop/number` or a shop, is followed."""
        return self._shop is None or subject.partition("/")[0] == self._shop

    async def until(self, done: Callable[[], Any], *, seconds: float, what: str) -> Any:
        """Wait until `done()` is truthy; it is called after every message. Raises TimeoutError naming `what`."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: bool(done()))
        except TimeoutError as error:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s") from error
        return done()


def _reason(headers: Sequence[tuple[str, bytes | None]]) -> str:
    named = {name: (value or b"").decode(errors="replace") for name, value in headers}
    return f"{named.get('x-service')}: {named.get('x-topic')}: {named.get('x-error-type')}: {named.get('x-error')}"


@contextlib.asynccontextmanager
async def connected(
    bootstrap_servers: str, prefix: str, *, shop: str | None = None, login: Mapping[str, Any] | None = None
) -> AsyncIterator[tuple[Bus, Follower]]:
    """A bus, and a follower that reads its topics from the beginning, for one shop or for all.

    `login`: what aiokafka's clients are told beside the address, where the cluster wants to know who asks.
    """
    follower = Follower(prefix, shop=shop)
    where: dict[str, Any] = {"bootstrap_servers": bootstrap_servers, **(login or {})}
    producer = AIOKafkaProducer(**where, acks="all", enable_idempotence=True, linger_ms=5)
    consumer = AIOKafkaConsumer(
        *follower.topics,
        **where,
        auto_offset_reset="earliest",
        group_id=None,
        isolation_level="read_committed",
    )
    async with producer, consumer:
        task = asyncio.create_task(follower.follow(consumer), name="demo-follower")
        try:
            yield Bus(producer, prefix), follower
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
