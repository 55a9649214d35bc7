import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from typer.testing import CliRunner

from shopsync_contracts import TOPICS, TopicSpec
from shopsync_ops.cli import app
from shopsync_runtime.kafka.admin import apply_topics


@dataclass
class Ended:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        return json.loads(self.stdout)


Shopsync = Callable[..., Awaitable[Ended]]


@pytest.fixture
def shopsync(monkeypatch: pytest.MonkeyPatch) -> Shopsync:
    """Runs the command in a thread, so that a test can answer it meanwhile. No SHOPSYNC_ variable leaks in."""
    for name in ("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", "SHOPSYNC_TOPIC_PREFIX", "SHOPSYNC_MONGO_URI"):
        monkeypatch.delenv(name, raising=False)

    async def run(*args: str, stdin: str | bytes | None = None, env: dict[str, str] | None = None) -> Ended:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(args), input=stdin, env=env)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


@dataclass
class Bus:
    """A cluster with the topics of one test."""

    bootstrap: str
    prefix: str
    producer: AIOKafkaProducer

    @property
    def options(self) -> tuple[str, ...]:
        return ("--kafka", self.bootstrap, "--prefix", self.prefix)

    async def send(self, spec: TopicSpec, value: bytes | None, **how: Any) -> Any:
        return await self.producer.send_and_wait(spec.full_name(self.prefix), value, **how)

    async def read(self, spec: TopicSpec) -> list[Any]:
        """Everything on a topic, by partition and offset."""
        name = spec.full_name(self.prefix)
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            parts = [TopicPartition(name, number) for number in range(spec.partitions)]
            consumer.assign(parts)
            await consumer.seek_to_beginning(*parts)
            ends = await consumer.end_offsets(parts)
            found: list[Any] = []
            async with asyncio.timeout(20):
                while len(found) < sum(ends.values()):
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        found += records
        finally:
            await consumer.stop()
        return sorted(found, key=lambda record: (record.partition, record.offset))


@pytest_asyncio.fixture(loop_scope="session")
async def bus(kafka_bootstrap: str, topic_prefix: str) -> AsyncIterator[Bus]:
    await apply_topics(kafka_bootstrap, topic_prefix, TOPICS)
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all", enable_idempotence=True) as producer:
        yield Bus(kafka_bootstrap, topic_prefix, producer)
