"""One import of a large shop, and what was measured until its report."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from pymongo import AsyncMongoClient

from shopsync_contracts.events import ImportCompleted, ImportFailed, ImportRequested
from shopsync_contracts.topics import PRODUCT_CHANGES
from shopsync_rehearsals.bench.imports.memory import Memory, Step
from shopsync_rehearsals.bench.imports.plan import Plan
from shopsync_rehearsals.bench.imports.stack import Stack
from shopsync_rehearsals.bench.usage import Meter, resident_bytes
from shopsync_rehearsals.bus import connected
from shopsync_rehearsals.progress import Progress

_SAMPLE_SECONDS = 0.2
_ERROR = 400


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything the benchmark is judged by. `seconds`: from the import's first request to its end, as it reports them.

    `calls` (answered, by kind) and `refused` (429 and any other error) come from the sandbox's own record. Of more than
    10,000 calls it knows the errors among the last ones only. `messages`: by how much product-changes.v1 grew.
    `present`: the products that the ingestor knows to be there.
    """

    plan: Plan
    seconds: float
    read: int
    changed: int
    not_taken: int
    proven: bool
    failure: str
    messages: int
    present: int
    calls: dict[str, int]
    refused: int
    memory: list[Step]
    cpu: dict[str, float]


class Run:
    """One run on a started stack."""

    def __init__(self, plan: Plan, stack: Stack, progress: Progress = lambda *_: None) -> None:
        self._plan = plan
        self._stack = stack
        self._progress = progress
        self._meter = Meter()
        self._memory = Memory(plan.products)

    async def run(self) -> Measured:
        """Import, and measure. Raises TimeoutError when no report came in time."""
        installation, plan = self._stack.installation, self._plan
        async with (
            AsyncMongoClient[dict[str, Any]](installation.mongo_uri) as mongo,
            connected(installation.kafka_bootstrap, installation.topic_prefix) as (bus, follower),
        ):
            database = mongo[installation.database]
            await database["shops"].insert_one({"_id": plan.shop_key})
            before = await self._messages()
            self._watch_processes()
            (request_id,) = await bus.publish([ImportRequested(shop_key=plan.shop_key, mode="overwrite_all")])
            sampling = asyncio.create_task(self._sample_until_cancelled(database["imports"]), name="bench-memory")
            try:
                report = await follower.until(
                    lambda: follower.report(ImportCompleted, request_id) or follower.report(ImportFailed, request_id),
                    seconds=plan.bound,
                    what="the import's report",
                )
            finally:
                sampling.cancel()
                await asyncio.wait([sampling])
            self._sample(report.counts.read)
            present = await database["presence"].count_documents({"shop_key": plan.shop_key, "absent_since": None})
            return await self._gather(report, await self._messages() - before, present)

    def _watch_processes(self) -> None:
        named = {"ingestor": self._stack.ingestor.child.pid, "futureshop sandbox": self._stack.futureshop_pid}
        for name, pid in {**named, **self._stack.installation.server_pids}.items():
            self._meter.watch(name, pid)
        self._began = time.monotonic()

    async def _sample_until_cancelled(self, imports: Any) -> None:
        while True:
            run = await imports.find_one({"shop_key": self._plan.shop_key}, {"counts.read": 1})
            self._sample(run["counts"]["read"] if run else 0)
            await asyncio.sleep(_SAMPLE_SECONDS)

    def _sample(self, done: int) -> None:
        self._progress("products", done, self._plan.products)
        seconds = time.monotonic() - self._began
        self._memory.sample(done, seconds, resident_bytes(self._stack.ingestor.child.pid))

    async def _messages(self) -> int:
        """How many messages product-changes.v1 holds."""
        installation = self._stack.installation
        consumer = AIOKafkaConsumer(bootstrap_servers=installation.kafka_bootstrap, isolation_level="read_committed")
        await consumer.start()
        try:
            topic = PRODUCT_CHANGES.full_name(installation.topic_prefix)
            ends = await consumer.end_offsets([TopicPartition(topic, n) for n in range(PRODUCT_CHANGES.partitions)])
            return sum(ends.values())
        finally:
            await consumer.stop()

    async def _gather(self, report: ImportCompleted | ImportFailed, messages: int, present: int) -> Measured:
        cpu = self._meter.read()
        async with httpx.AsyncClient(base_url=self._stack.futureshop["url"], timeout=30.0, trust_env=False) as control:
            journal = (await control.get("/_sandbox/requests", params={"limit": 10_000})).raise_for_status().json()
        refused = Counter(entry["kind"] for entry in journal["entries"] if entry["status"] >= _ERROR)
        completed = report if isinstance(report, ImportCompleted) else None
        failure = "" if not isinstance(report, ImportFailed) else f"{report.code}: {report.message}"
        ended = report.completed_at if isinstance(report, ImportCompleted) else report.failed_at
        return Measured(
            plan=self._plan,
            seconds=(ended - report.started_at).total_seconds(),
            read=report.counts.read,
            changed=report.counts.changed,
            not_taken=report.counts.refused,
            proven=completed is not None and completed.enumeration is not None,
            failure=failure,
            messages=messages,
            present=present,
            calls=dict(Counter(journal["counts"]) - refused),
            refused=refused.total(),
            memory=self._memory.steps,
            cpu=cpu,
        )
