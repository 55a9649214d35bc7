import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from pymongo import AsyncMongoClient

from catalog.catalogue import Catalogue
from catalog.handlers import BulkEdits, ProductHandler
from catalog.held import HeldMessages
from catalog.model import Rules
from catalog.shops import ShopStore
from catalog.snapshots import SnapshotFeed
from catalog.store import ProductStore
from shopsync_contracts import Event, TopicSpec, new_event, topic_of
from shopsync_contracts.topics import CATALOG_PRODUCTS, TOOL_EDITS
from shopsync_runtime import Delivery

_RULES = Rules(proof_age=timedelta(days=36_500))
"""Stories happen on a day of their own, the catalogue works today."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class RecordingEvents:
    """Stands in for the publisher: keeps what was published, in order. `fail` makes the next call raise."""

    published: list[tuple[TopicSpec, Event[Any] | bytes]] = field(default_factory=list)
    fail: Exception | None = None

    def event(self, body: Any, id: str | None = None, time: datetime | None = None) -> Event[Any]:  # noqa: A002 - as the publisher has it
        return new_event(body, source="/shopsync/catalog", id=id or f"e{len(self.published)}", time=time or now())

    async def publish(self, spec: TopicSpec, event: Event[Any]) -> None:
        await self.publish_all([(spec, event)])

    async def publish_all(self, events: Any) -> None:
        self._fail()
        self.published += events

    async def tombstone(self, spec: TopicSpec, key: bytes) -> None:
        self._fail()
        self.published.append((spec, key))

    def _fail(self) -> None:
        if self.fail is not None:
            error, self.fail = self.fail, None
            raise error

    def on(self, spec: TopicSpec) -> list[Any]:
        """Bodies (or keys of null values) published on one topic."""
        return [one if isinstance(one, bytes) else one.data for there, one in self.published if there is spec]

    def snapshots(self) -> list[Any]:
        return self.on(CATALOG_PRODUCTS)


@dataclass
class Replica:
    """The catalogue's parts as one process has them, on a real MongoDB."""

    products: ProductStore
    shops: ShopStore
    held: HeldMessages
    events: RecordingEvents
    catalogue: Catalogue
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
        held, events = HeldMessages(mine, [TOOL_EDITS]), RecordingEvents()
        catalogue = Catalogue(products, shops, SnapshotFeed(events, products), rules=_RULES, clock=now)
        bulk = BulkEdits(products, events, clock=now)
        handler = ProductHandler(catalogue, held, bulk, clock=now)
        return Replica(products, shops, held, events, catalogue, bulk, handler)

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

    def make(body: Any, *, time: datetime | None = None, event_id: str | None = None) -> Delivery:
        spec = topic_of(type(body))
        offset = offsets[spec.name] = offsets.get(spec.name, -1) + 1
        event = new_event(body, source="/tests", id=event_id or f"{spec.name}-{offset}", time=time or now())
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
