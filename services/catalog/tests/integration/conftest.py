import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pymongo import AsyncMongoClient

from catalog.bulk_edits import BulkEdits
from catalog.handlers import ProductHandler
from catalog.product_updater import ProductUpdater
from catalog.rules.model import Rules
from catalog.rules.own_records import OwnRecords
from catalog.snapshot_publisher import SnapshotPublisher
from catalog.store.done_requests import DoneRequests
from catalog.store.held_messages import PRODUCT_TOPICS, HeldMessages
from catalog.store.products import ProductStore
from catalog.store.shops import ShopStore
from shopsync_contracts import TOPICS, Event, PlainEvent, ShopBody, TopicSpec, new_event, topic_of
from shopsync_contracts.events import ProductSnapshot
from shopsync_contracts.topics import CATALOG_PRODUCTS, DEAD_LETTERS, PUSH_COMMANDS, REPORTS
from shopsync_runtime import Delivery, OutgoingMessage
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.producer import Placed
from shopsync_runtime.tracing import current_traceparent
from shopsync_testkit.pytest_plugin import ServiceProcess

_RULES = Rules(proof_age=timedelta(days=36_500))
"""Stories happen on a day of their own, the catalogue works today."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class RecordingEvents:
    """Stands in for the publisher: keeps what was published, in order. `fail` makes the next call raise."""

    published: list[tuple[TopicSpec, Event[Any] | bytes]] = field(default_factory=list)
    fail: Exception | None = None
    first_offset: int = 0
    _made: dict[bytes | None, tuple[TopicSpec, Event[Any] | bytes]] = field(default_factory=dict)

    def event(self, body: Any, id: str | None = None, time: datetime | None = None) -> Event[Any]:  # noqa: A002 - as the publisher has it
        return new_event(
            body,
            source="/shopsync/catalog",
            id=id or f"e{len(self.published)}",
            time=time or now(),
            traceparent=current_traceparent(),
        )

    def plain_event(
        self,
        kind: type[ShopBody],
        data: Mapping[str, Any],
        *,
        subject: str,
        event_id: str,
        time: datetime,
        traceparent: str | None = None,
    ) -> PlainEvent:
        return PlainEvent(kind, data, subject, event_id, "/shopsync/catalog", time, traceparent)

    async def publish(self, spec: TopicSpec, event: Event[Any]) -> None:
        await self.publish_all([(spec, event)])

    async def publish_all(self, events: Any) -> None:
        self._fail()
        self.published += events

    def message(self, spec: TopicSpec, event: PlainEvent) -> OutgoingMessage:
        message = OutgoingMessage(spec.name, event.to_bytes(), event.key())
        self._made[message.value] = spec, _typed(event)
        return message

    def null_message(self, spec: TopicSpec, key: bytes) -> OutgoingMessage:
        message = OutgoingMessage(spec.name, None, key)
        self._made[key] = spec, key
        return message

    async def send(self, messages: Sequence[OutgoingMessage]) -> list[Placed]:
        self._fail()
        first = self.first_offset + len(self.published)
        self.published += [self._made[one.value or one.key] for one in messages]
        return [Placed(one.topic, 0, offset) for offset, one in enumerate(messages, first)]

    def _fail(self) -> None:
        if self.fail is not None:
            error, self.fail = self.fail, None
            raise error

    def on(self, spec: TopicSpec) -> list[Any]:
        """Bodies (or keys of null values) published on one topic."""
        return [one if isinstance(one, bytes) else one.data for there, one in self.published if there is spec]

    def snapshots(self) -> list[Any]:
        return self.on(CATALOG_PRODUCTS)


def _typed(plain: PlainEvent) -> Event[Any]:
    """The event with its model, which must be written in the same way."""
    body = ProductSnapshot.from_document(plain.data)
    event = new_event(body, source=plain.source, id=plain.id, time=plain.time, traceparent=plain.traceparent)
    assert event.to_bytes() == plain.to_bytes()
    return event


@dataclass
class Replica:
    """The catalogue's parts as one process has them, on a real MongoDB."""

    products: ProductStore
    shops: ShopStore
    held: HeldMessages
    done: DoneRequests
    events: RecordingEvents
    own: OwnRecords
    updater: ProductUpdater
    bulk_edits: BulkEdits
    handler: ProductHandler


@pytest_asyncio.fixture(loop_scope="session")
async def database(mongo_client: AsyncMongoClient[dict[str, Any]], mongo_database: str) -> Any:
    """This test's database."""
    return mongo_client[mongo_database]


@pytest_asyncio.fixture(loop_scope="session")
async def new_replica(database: Any) -> AsyncIterator[Callable[..., Replica]]:
    """A further replica on the same database, over a client of its own when one is given."""

    def make(over: Any = None) -> Replica:
        mine = database if over is None else over
        products, shops = ProductStore(mine), ShopStore(mine)
        held, events, own = HeldMessages(mine, PRODUCT_TOPICS), RecordingEvents(), OwnRecords(100)
        publisher: Any = events
        updater = ProductUpdater(products, shops, SnapshotPublisher(publisher, own), rules=_RULES, clock=now)
        done = DoneRequests(mine)
        bulk = BulkEdits(products, done, publisher, clock=now)
        handler = ProductHandler(updater, held, bulk, clock=now)
        return Replica(products, shops, held, done, events, own, updater, bulk, handler)

    first = make()
    await first.products.ensure_indexes()
    await first.held.ensure_indexes()
    yield make


@pytest.fixture
def replica(new_replica: Callable[[], Replica]) -> Replica:
    return new_replica()


@pytest.fixture
def deliver() -> Callable[..., Delivery]:
    """`deliver(body)`: the next record of the body's topic."""
    offsets: dict[str, int] = {}

    def make(
        body: Any, *, time: datetime | None = None, event_id: str | None = None, traceparent: str | None = None
    ) -> Delivery:
        spec = topic_of(type(body))
        offset = offsets[spec.name] = offsets.get(spec.name, -1) + 1
        given = event_id or f"{spec.name}-{offset}"
        event = new_event(body, source="/tests", id=given, time=time or now(), traceparent=traceparent)
        return Delivery(
            topic=spec.full_name("t"),
            partition=0,
            offset=offset,
            timestamp=now().replace(microsecond=0),
            key=event.key(),
            value=event.to_bytes(),
            headers=(("trace", b"\xff"), ("empty", None)),
            spec=spec,
            parsed=event,
        )

    return make


@pytest.fixture
def as_json() -> Callable[[bytes], Any]:
    return json.loads


def version_in(value: bytes) -> Any:
    try:
        return json.loads(value)["data"]["version"]
    except ValueError:
        return "?"


class World:
    """What a test of the process sends and sees."""

    def __init__(self, bootstrap, prefix, process, database):
        self.bootstrap, self.prefix, self.process, self.database = bootstrap, prefix, process, database
        self.seen = {}

    async def __aenter__(self):
        self.producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all")
        await self.producer.start()
        watched = (CATALOG_PRODUCTS, PUSH_COMMANDS, REPORTS, DEAD_LETTERS)
        self.consumer = AIOKafkaConsumer(
            *(spec.full_name(self.prefix) for spec in watched),
            bootstrap_servers=self.bootstrap,
            auto_offset_reset="earliest",
        )
        await self.consumer.start()
        return self

    async def __aexit__(self, *_):
        await self.consumer.stop()
        await self.producer.stop()

    async def send(self, body, *, time=None):
        event, sent = await self.hand_in(body, time=time)
        await sent
        return event

    async def hand_in(self, body, *, time=None):
        """The event, and what ends when the broker has it."""
        spec = topic_of(type(body))
        event = new_event(body, source="/tests", id=str(uuid.uuid4()), time=time or datetime.now(UTC))
        return event, await self.producer.send(spec.full_name(self.prefix), event.to_bytes(), key=event.key())

    async def put(self, key, value):
        """What nobody should write to the snapshot topic."""
        await self.producer.send_and_wait(CATALOG_PRODUCTS.full_name(self.prefix), value, key=key)

    async def shown(self, product_no):
        """Versions in the records of one product so far, in order; None for a null value, "?" for what is no JSON."""
        values = [one.value for one in await self.records(CATALOG_PRODUCTS) if one.key == f"demo/{product_no}".encode()]
        return [None if value is None else version_in(value) for value in values]

    async def records(self, spec):
        for partition, records in (await self.consumer.getmany(timeout_ms=100)).items():
            self.seen.setdefault(partition.topic, []).extend(records)
        return self.seen.get(spec.full_name(self.prefix), [])

    async def product(self, product_no):
        return await self.database["products"].find_one({"_id": f"demo/{product_no}"})


@pytest.fixture
def new_process(kafka_bootstrap, topic_prefix, mongo_uri, mongo_database, tmp_path):
    """A replica of the service, not yet started."""

    def make(name="catalog", **env):
        settings = {
            "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
            "SHOPSYNC_KAFKA_SESSION_TIMEOUT": "6s",
            "SHOPSYNC_MONGO_URI": mongo_uri,
            "SHOPSYNC_MONGO_DATABASE": mongo_database,
            "SHOPSYNC_TOPIC_PREFIX": topic_prefix,
            "CATALOG_SETTINGS_GRACE": "1s",
            "CATALOG_HELD_CHECK_INTERVAL": "200ms",
            "CATALOG_SNAPSHOT_CHECK_INTERVAL": "200ms",
        }
        return ServiceProcess("catalog", name=name, env={**settings, **env}, folder=tmp_path)

    return make


@pytest.fixture
async def new_world(
    kafka_bootstrap: str,
    topic_prefix: str,
    mongo_client: AsyncMongoClient[dict[str, Any]],
    mongo_database: str,
) -> Callable[[ServiceProcess], World]:
    """`async with new_world(process) as world`: topics, and what a test sends and sees."""
    await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, TOPICS)

    def make(process: ServiceProcess) -> World:
        return World(kafka_bootstrap, topic_prefix, process, mongo_client[mongo_database])

    return make


@pytest.fixture
async def world(new_world: Callable[[ServiceProcess], World], new_process: Any) -> AsyncIterator[World]:
    """One replica at work."""
    process = new_process()
    async with new_world(process) as world, process:
        yield world
