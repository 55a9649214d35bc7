from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from janitor.app import build
from janitor.ids import nightly_id
from janitor.settings import JanitorSettings
from shopsync_contracts import TOPICS, Event, ShopBody, TopicSpec, new_event, parse
from shopsync_contracts.events import (
    DeleteRequested,
    Enumeration,
    ImportCompleted,
    ImportCounts,
    ImportFailed,
    ImportRequested,
    SweepRequested,
)
from shopsync_contracts.topics import (
    DELETE_COMMANDS,
    IMPORT_COMMANDS,
    LISTING_EVENTS,
    PRODUCT_CHANGES,
    REPORTS,
    SWEEP_COMMANDS,
    TOOL_EDITS,
)
from shopsync_runtime import CommonSettings, Delivery, Runtime, each
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.lifecycle import start, stop
from shopsync_testkit.polling import eventually

NOW = datetime(2026, 11, 23, tzinfo=UTC)
INSTANCE = "replica-0"
"""The crashed replica's name: its successor takes the partitions over at once."""


@dataclass
class Catalog:
    """Stands in for the catalog and the ingestor: obeys delete commands and answers enumerations, as a test says."""

    database: Any
    seen: list[DeleteRequested] = field(default_factory=list)
    reluctant: set[str] = field(default_factory=set)

    async def put(
        self, number: str, *, on: bool = False, removed_by: str | None = None, shop_key: str = "demo"
    ) -> None:
        """A product as the catalog keeps it, as far as the janitor looks."""
        await self.database["products"].replace_one(
            {"_id": f"{shop_key}/{number}"},
            {
                "shop_key": shop_key,
                "product_no": number,
                "sync_enabled": on,
                "status": "synced",
                "removed_upstream": removed_by and {"enumeration_id": removed_by, "at": NOW},
            },
            upsert=True,
        )

    async def numbers(self, shop_key: str = "demo") -> list[str]:
        found = self.database["products"].find({"shop_key": shop_key}, sort=[("_id", 1)])
        return [document["product_no"] async for document in found]

    async def handle(self, delivery: Delivery) -> None:
        command = delivery.event.data
        if not isinstance(command, DeleteRequested):
            return
        self.seen.append(command)
        key = command.subject
        found = await self.database["products"].find_one({"_id": key})
        still = found and not found["sync_enabled"] and found["removed_upstream"]
        if still and command.product_no not in self.reluctant:
            await self.database["tombstones"].replace_one({"_id": key}, {"sweep_id": command.sweep_id}, upsert=True)
            await self.database["products"].delete_one({"_id": key})


@dataclass
class World:
    """Topics of this test's own, a janitor on demand, and eyes on Kafka and MongoDB."""

    common: CommonSettings
    database: Any
    producer: AIOKafkaProducer
    catalog: Catalog
    settings: dict[str, Any] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The same settings for a janitor in a process of its own."""
        return {
            "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": self.common.kafka_bootstrap_servers,
            "SHOPSYNC_MONGO_URI": self.common.mongo_uri.get_secret_value(),
            "SHOPSYNC_MONGO_DATABASE": self.common.mongo_database,
            "SHOPSYNC_TOPIC_PREFIX": self.common.topic_prefix,
            "SHOPSYNC_INSTANCE_ID": INSTANCE,
            "SHOPSYNC_KAFKA_SESSION_TIMEOUT": "10s",
            **{f"JANITOR_{name.upper()}": str(value) for name, value in self._settings().items()},
        }

    def _settings(self) -> dict[str, Any]:
        return {
            "poll": "50ms",
            "lease": "3s",
            "settings_grace": "300ms",
            "nightly_enabled": False,
            "nightly_spread": "1ms",
            "verdict_wait": "20s",
            **self.settings,
        }

    @asynccontextmanager
    async def janitor(
        self, instance_id: str | None = None, *, ahead: Callable[[], timedelta] = timedelta
    ) -> AsyncIterator[Runtime]:
        """A janitor in this process, whose clock is `ahead` of the true time."""
        common = self.common.model_copy(update={"instance_id": instance_id})
        runtime = Runtime("janitor", common, clock=lambda: datetime.now(UTC) + ahead())
        build(runtime, JanitorSettings(**self._settings()))
        async with _running(runtime):
            yield runtime

    @asynccontextmanager
    async def catalog_running(self) -> AsyncIterator[None]:
        """The catalog's part: the same consumer group, the same topics."""
        runtime = Runtime("catalog", self.common)
        runtime.consume(
            "products", [PRODUCT_CHANGES, TOOL_EDITS, LISTING_EVENTS, DELETE_COMMANDS], each(self.catalog.handle)
        )
        async with _running(runtime):
            yield

    async def say(self, spec: TopicSpec, body: ShopBody, event_id: str, *, time: datetime = NOW) -> None:
        event = new_event(body, source="/tests", id=event_id, time=time)
        await self.producer.send_and_wait(spec.full_name(self.common.topic_prefix), event.to_bytes(), key=event.key())

    async def sweep(self, event_id: str, shop_key: str = "demo", *, dry_run: bool = False) -> str:
        await self.say(SWEEP_COMMANDS, SweepRequested(shop_key=shop_key, dry_run=dry_run), event_id)
        return event_id

    async def nightly(self, slot: datetime, shop_key: str = "demo") -> str:
        """The clock's own request for the night that began at `slot`."""
        request_id = nightly_id(slot, shop_key)
        await self.say(SWEEP_COMMANDS, SweepRequested(shop_key=shop_key), request_id, time=slot)
        return request_id

    async def sweeps(self) -> list[dict[str, Any]]:
        return await self.database["sweeps"].find(sort=[("requested_at", 1)]).to_list()

    async def asked(self, count: int = 1) -> list[Event[ImportRequested]]:
        """The enumerations asked for, once there are so many."""

        async def look() -> Any:
            found = await self.events(IMPORT_COMMANDS)
            return found if len(found) >= count else None

        return await eventually(look, interval=0.1, what="the enumeration command")

    async def answer(self, command: Event[ImportRequested], enumeration_id: str = "e1", **changes: Any) -> None:
        """The ingestor's good report to an enumeration command."""
        now = datetime.now(UTC)
        proof = Enumeration(id=enumeration_id, started_at=now, completed_at=now, product_count=9)
        members = {"import_id": enumeration_id, "mode": "enumerate", "started_at": now, "completed_at": now,
                   "duration_seconds": 0.0, "counts": ImportCounts(), "enumeration": proof, **changes}  # fmt: skip
        report = ImportCompleted(shop_key=command.data.shop_key, request_id=command.id, **members)
        await self.say(REPORTS, report, f"report-{command.id}")

    async def answer_badly(self, command: Event[ImportRequested], code: str = "futureshop_unavailable") -> None:
        report = ImportFailed(
            shop_key=command.data.shop_key, request_id=command.id, mode="enumerate", started_at=NOW, failed_at=NOW,
            code=code, message="GET /admin-api/v1/products: HTTP 503",
        )  # fmt: skip
        await self.say(REPORTS, report, f"report-{command.id}")

    async def reports(self, request_id: str, within: float = 120) -> list[Any]:
        """All pages of a sweep's report."""

        async def look() -> Any:
            found = [event.data for event in await self.events(REPORTS) if event.data.TYPE == "sweep.completed"]
            mine = {page.page: page for page in found if page.request_id == request_id}
            return [mine[number] for number in sorted(mine)] if mine and len(mine) == mine[1].pages else None

        return await eventually(look, timeout=within, interval=0.1, what=f"the report of {request_id}")

    async def events(self, spec: TopicSpec) -> list[Event[Any]]:
        """Everything the topic holds now, in order per partition."""
        topic = spec.full_name(self.common.topic_prefix)
        consumer = AIOKafkaConsumer(bootstrap_servers=self.common.kafka_bootstrap_servers)
        await consumer.start()
        try:
            partitions = [TopicPartition(topic, number) for number in range(spec.partitions)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)  # last: by now the client knows the topic
            found = []
            while any([await consumer.position(each) < ends[each] for each in partitions]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [parse(record.value, key=record.key, topic=spec) for record in records]
            return found
        finally:
            await consumer.stop()


@asynccontextmanager
async def _running(runtime: Runtime) -> AsyncIterator[None]:
    try:
        await start(runtime)
        yield
    finally:
        assert await stop(runtime, None), "a step of the stop did not end in time"


@pytest_asyncio.fixture(loop_scope="session")
async def world(kafka_bootstrap, topic_prefix, mongo_uri, mongo_database, mongo_client) -> AsyncIterator[World]:
    await apply_topics(kafka_bootstrap, topic_prefix, TOPICS)
    common = CommonSettings(
        kafka_bootstrap_servers=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=mongo_database,
        topic_prefix=topic_prefix,
        shutdown_grace=timedelta(seconds=10),
    )
    database = mongo_client[mongo_database]
    await database["shops"].insert_many([{"_id": "demo"}, {"_id": "other"}])
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
    await producer.start()
    try:
        yield World(common, database, producer, Catalog(database))
    finally:
        await producer.stop()
