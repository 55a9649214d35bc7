from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from ingestor.app import build
from ingestor.settings import IngestorSettings
from shopsync_contracts import TOPICS, Event, TopicSpec, new_event, parse
from shopsync_contracts.events import ImportProgress, ImportRequested
from shopsync_contracts.topics import IMPORT_COMMANDS, PRODUCT_CHANGES, REPORTS
from shopsync_runtime import CommonSettings, Runtime
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.lifecycle import start, stop
from shopsync_sandbox.futureshop import FutureshopSandbox
from shopsync_sandbox.serving import running
from shopsync_testkit.polling import eventually

NOW = datetime(2026, 11, 23, tzinfo=UTC)
INSTANCE = "replica-0"
"""The crashed replica's name: its successor takes the partitions over at once."""


@dataclass
class World:
    """A served futureshop, topics of this test's own, and eyes on Kafka and MongoDB."""

    sandbox: FutureshopSandbox
    shops_file: Path
    common: CommonSettings
    database: Any
    producer: AIOKafkaProducer
    settings: dict[str, Any] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The same settings for an ingestor in a process of its own."""
        return {
            "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": self.common.kafka_bootstrap_servers,
            "SHOPSYNC_MONGO_URI": self.common.mongo_uri.get_secret_value(),
            "SHOPSYNC_MONGO_DATABASE": self.common.mongo_database,
            "SHOPSYNC_TOPIC_PREFIX": self.common.topic_prefix,
            "SHOPSYNC_INSTANCE_ID": INSTANCE,
            "SHOPSYNC_KAFKA_SESSION_TIMEOUT": "10s",
            **{f"INGESTOR_{name.upper()}": str(value) for name, value in self._settings().items()},
        }

    def _settings(self) -> dict[str, Any]:
        fast = {"requests_per_second": 500, "first_wait": "10ms", "attempts": 2, "page_size": 100}
        return {**fast, "settings_grace": "300ms", "poll": "100ms", "lease": "3s", **self.settings} | {
            "shops_file": self.shops_file
        }

    @asynccontextmanager
    async def ingestor(self, instance_id: str | None = None) -> AsyncIterator[Runtime]:
        """An ingestor in this process."""
        runtime = Runtime("ingestor", self.common.model_copy(update={"instance_id": instance_id}))
        build(runtime, IngestorSettings(**self._settings()))
        try:
            await start(runtime)
            yield runtime
        finally:
            assert await stop(runtime, None), "a step of the stop did not end in time"

    async def command(self, mode: str, *, event_id: str, shop_key: str = "demo", **more: Any) -> str:
        body = ImportRequested(shop_key=shop_key, mode=mode, **more)
        event = new_event(body, source="/tests", id=event_id, time=NOW)
        topic = IMPORT_COMMANDS.full_name(self.common.topic_prefix)
        await self.producer.send_and_wait(topic, event.to_bytes(), key=event.key())
        return event_id

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

    async def changes(self, kind: str, request_id: str | None = None) -> list[Event[Any]]:
        """product.changed or product.removed events, of one import when its request is named."""
        events = [event for event in await self.events(PRODUCT_CHANGES) if kind == event.data.TYPE]
        if request_id is None:
            return events
        report = await self.report(request_id)
        return [
            event
            for event in events
            if (event.data.import_id if kind == "product.changed" else event.data.enumeration.id) == report.import_id
        ]

    async def report(self, request_id: str, within: float = 120) -> Any:
        """The one report of a request."""

        async def look() -> Any:
            reports = [event.data for event in await self.events(REPORTS)]
            found = [one for one in reports if one.request_id == request_id and not isinstance(one, ImportProgress)]
            return found[0] if found else None

        return await eventually(look, timeout=within, interval=0.1, what=f"the report of {request_id}")

    async def imported(self, mode: str, event_id: str, **more: Any) -> Any:
        """The report of a new import, once the import is over: its checkpoint is moved after the report."""
        report = await self.report(await self.command(mode, event_id=event_id, **more))
        await self.finished(event_id)
        return report

    async def finished(self, request_id: str) -> None:
        """Wait until nothing of the import is left to do."""
        imports = self.database["imports"]
        await eventually(
            lambda: imports.find_one({"request_id": request_id, "finished": True}),
            interval=0.05,
            what=f"the end of {request_id}",
        )


@pytest.fixture
def sandbox() -> FutureshopSandbox:
    return FutureshopSandbox(["demo:450", "other:60"], requests_per_second=0)


@pytest_asyncio.fixture(loop_scope="session")
async def world(
    sandbox, tmp_path, kafka_bootstrap, topic_prefix, mongo_uri, mongo_database, mongo_client
) -> AsyncIterator[World]:
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
        async with running(sandbox.app) as url:
            shops_file = tmp_path / "shops.yaml"
            shops_file.write_text(yaml.safe_dump(sandbox.connections(url)), encoding="utf-8")
            yield World(sandbox, shops_file, common, database, producer)
    finally:
        await producer.stop()
