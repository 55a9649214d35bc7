"""For the tests of services: deliveries without a broker, and services on a real Kafka and MongoDB."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord

from shopsync_contracts import TOPICS, Event, ShopBody, TopicSpec, new_event, parse
from shopsync_runtime.delivery import Delivery
from shopsync_runtime.kafka.admin import apply_topics, partitions_of
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.consumer import reader
from shopsync_runtime.lifecycle import start, stop
from shopsync_runtime.mongo import Database
from shopsync_runtime.runtime import Runtime
from shopsync_runtime.settings import CommonSettings

_STAMP = datetime(2026, 11, 23, tzinfo=UTC)


def make_delivery(
    spec: TopicSpec,
    event: Event[Any],
    *,
    partition: int = 0,
    offset: int = 0,
    timestamp: datetime = _STAMP,
    prefix: str = "shopsync",
) -> Delivery:
    """The delivery of an event as the broker would have brought it, keyed by its subject."""
    return Delivery(
        topic=spec.full_name(prefix),
        partition=partition,
        offset=offset,
        timestamp=timestamp,
        key=event.key(),
        value=event.to_bytes(),
        headers=(),
        spec=spec,
        parsed=event,
    )


@asynccontextmanager
async def running(runtime: Runtime) -> AsyncIterator[Runtime]:
    """Started inside the block, and stopped cleanly at its end."""
    try:
        await start(runtime)
        yield runtime
    finally:
        clean = await stop(runtime, None)
    if not clean:
        raise AssertionError("a step of the stop did not end in time")


async def records_of(connection: KafkaConnection, topic: str) -> list["ConsumerRecord[Any, Any]"]:
    """Everything that a topic (full name) holds now, in order per partition."""
    numbers = (await partitions_of(connection, [topic]))[topic]
    partitions = [TopicPartition(topic, number) for number in numbers]
    consumer = reader(connection)
    await consumer.start()
    try:
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)  # last: by now the client knows the topic
        found: list[ConsumerRecord[Any, Any]] = []
        while any([await consumer.position(each) < ends[each] for each in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        return found
    finally:
        await consumer.stop()


@dataclass(kw_only=True)
class ServiceWorld:
    """Topics of a test's own, and eyes on Kafka and MongoDB. `settings` differ from what the service's tests use."""

    SERVICE: ClassVar[str]
    INSTANCE: ClassVar[str] = "replica-0"
    """Name of a replica that is killed: its successor takes the partitions over at once."""

    common: CommonSettings
    database: Database
    producer: AIOKafkaProducer
    settings: dict[str, Any] = field(default_factory=dict)

    def service_settings(self) -> dict[str, Any]:
        """By field name."""
        return self.settings

    def environment(self) -> dict[str, str]:
        """The same settings for the service in a process of its own."""
        prefix = self.SERVICE.upper()
        return {
            "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": self.common.kafka_bootstrap_servers,
            "SHOPSYNC_MONGO_URI": self.common.mongo_uri.get_secret_value(),
            "SHOPSYNC_MONGO_DATABASE": self.common.mongo_database,
            "SHOPSYNC_TOPIC_PREFIX": self.common.topic_prefix,
            "SHOPSYNC_INSTANCE_ID": self.INSTANCE,
            "SHOPSYNC_KAFKA_SESSION_TIMEOUT": "10s",
            **{f"{prefix}_{name.upper()}": str(value) for name, value in self.service_settings().items()},
        }

    def doomed(self, failpoint: str) -> dict[str, str]:
        """The same for a process that is killed there. Its leases are short: its successor waits for them."""
        return {**self.environment(), f"{self.SERVICE.upper()}_LEASE": "3s", "SHOPSYNC_FAILPOINT": failpoint}

    async def say(self, spec: TopicSpec, body: ShopBody, event_id: str, *, time: datetime = _STAMP) -> Event[Any]:
        """Publish as somebody else. The event."""
        event = new_event(body, source="/tests", id=event_id, time=time)
        await self.producer.send_and_wait(spec.full_name(self.common.topic_prefix), event.to_bytes(), key=event.key())
        return event

    async def events(self, spec: TopicSpec) -> list[Event[Any]]:
        """Everything the topic holds now, in order per partition."""
        records = await records_of(KafkaConnection.of(self.common), spec.full_name(self.common.topic_prefix))
        return [parse(record.value, key=record.key, topic=spec) for record in records]


@asynccontextmanager
async def service_place(
    kafka_bootstrap: str, topic_prefix: str, mongo_uri: str, database: Database
) -> AsyncIterator[dict[str, Any]]:
    """What a ServiceWorld is made of: all topics, a producer, and the shops "demo" and "other" with settings."""
    await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, TOPICS)
    common = CommonSettings(
        kafka_bootstrap_servers=kafka_bootstrap,
        mongo_uri=mongo_uri,
        mongo_database=database.name,
        topic_prefix=topic_prefix,
        shutdown_grace=timedelta(seconds=10),
    )
    await database["shops"].insert_many([{"_id": "demo"}, {"_id": "other"}])
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        yield {"common": common, "database": database, "producer": producer}
