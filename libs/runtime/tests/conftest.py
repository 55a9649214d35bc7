import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient

from shopsync_contracts import Event, TopicSpec, new_event
from shopsync_contracts.events import PushRequested
from shopsync_contracts.topics import DEAD_LETTERS, PUSH_COMMANDS
from shopsync_runtime import CommonSettings, Runtime, testing
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.kafka.connection import KafkaConnection

SUPPORT = Path(__file__).parent / "support"
STAMP = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class SetClock:
    """Stands until a test moves it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def support_folder() -> Path:
    """Where the probe service lives, for PYTHONPATH."""
    return SUPPORT


@pytest.fixture
def spec() -> TopicSpec:
    """push-commands with two partitions: small bodies, plain rules."""
    return dataclasses.replace(PUSH_COMMANDS, partitions=2)


@pytest.fixture
def make_event() -> Callable[..., Event[Any]]:
    """An event about product `P-{number}` with id `e{number}`."""

    def make(number: int, traceparent: str | None = None) -> Event[Any]:
        body = PushRequested(shop_key="demo", product_no=f"P-{number}", reason="manual")
        return new_event(body, source="/tests", id=f"e{number}", time=STAMP, traceparent=traceparent)

    return make


@pytest.fixture
def common(kafka_bootstrap: str, topic_prefix: str) -> CommonSettings:
    """Settings against the session's broker; MongoDB at an address where nothing is."""
    return CommonSettings(
        kafka_bootstrap_servers=kafka_bootstrap,
        mongo_uri="mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200",
        topic_prefix=topic_prefix,
        http_port=0,
        shutdown_grace=timedelta(seconds=5),
        kafka_session_timeout=timedelta(seconds=10),
        kafka_rebalance_timeout=timedelta(seconds=10),
    )


@pytest_asyncio.fixture(loop_scope="session")
async def topics(kafka_bootstrap: str, topic_prefix: str, spec: TopicSpec) -> None:
    """The topic under test and the dead letters (one partition, so that their order shows)."""
    await apply_topics(
        KafkaConnection(kafka_bootstrap), topic_prefix, [spec, dataclasses.replace(DEAD_LETTERS, partitions=1)]
    )


Running = Callable[[Runtime], Any]


@pytest.fixture
def running() -> Running:
    """`async with running(runtime)`: started, and stopped cleanly afterwards."""

    return testing.running


@pytest_asyncio.fixture(loop_scope="session")
async def producer(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """Somebody else's producer."""
    client = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, max_request_size=4 * 1024 * 1024, linger_ms=2)
    await client.start()
    yield client
    await client.stop()


@pytest.fixture
def read_topic(kafka_bootstrap: str) -> Callable[[str], Awaitable[list["ConsumerRecord[Any, Any]"]]]:
    """Everything a topic holds now."""

    return partial(testing.records_of, KafkaConnection(kafka_bootstrap))


@pytest.fixture
def committed(kafka_bootstrap: str) -> Callable[[str], Awaitable[dict[tuple[str, int], int]]]:
    """A group's committed offsets per (topic, partition)."""

    async def ask(group: str) -> dict[tuple[str, int], int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
        await admin.start()
        try:
            found = await admin.list_consumer_group_offsets(group)
        finally:
            await admin.close()
        return {(tp.topic, tp.partition): known.offset for tp, known in found.items()}

    return ask
