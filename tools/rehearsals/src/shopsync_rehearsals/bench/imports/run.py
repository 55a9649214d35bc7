"""One import of a large shop: its processes, the command, and what was seen until its report."""

import asyncio
import contextlib
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from aiokafka import AIOKafkaConsumer, TopicPartition
from pymongo import AsyncMongoClient

from shopsync_contracts.events import ImportCompleted, ImportFailed, ImportRequested
from shopsync_contracts.topics import PRODUCT_CHANGES
from shopsync_rehearsals.bench.imports.memory import Memory, Step, resident_bytes
from shopsync_rehearsals.bench.imports.plan import ImportPlan
from shopsync_rehearsals.bench.usage import Meter
from shopsync_rehearsals.bus import connected
from shopsync_rehearsals.demo.stack import Names, apply_topics
from shopsync_testkit.processes import ServiceProcess, start_announced

_LOOK_SECONDS = 0.2
_ERROR = 400

Progress = Callable[[str, int, int], None]
"""bar, done, of"""


@dataclass(frozen=True, slots=True)
class ImportMeasured:
    """Everything the verdict rests on. `seconds`: from the import's first request to its end, as it reports them.

    `calls` that were answered, by kind, and `refused` ones (429 and any other error) are the sandbox's own record; of
    more than 10,000 calls it knows the errors among the last. `messages` is the growth of
    product-changes.v1, `present` the products that the ingestor knows to be there.
    """

    plan: ImportPlan
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


@dataclass(slots=True)
class ImportStack:
    """A futureshop with the shop and an ingestor, each a process of its own, on a Kafka and a MongoDB that run."""

    kafka_bootstrap: str
    mongo_uri: str
    names: Names
    futureshop: dict[str, Any]
    futureshop_pid: int
    ingestor: ServiceProcess


@contextlib.asynccontextmanager
async def import_stack(
    plan: ImportPlan, folder: Path, *, kafka_bootstrap: str, mongo_uri: str, names: Names | None = None
) -> AsyncIterator[ImportStack]:
    """Started, topics included; stopped at the end of the block."""
    names = names or Names()
    common = {
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "SHOPSYNC_MONGO_URI": mongo_uri,
        "SHOPSYNC_MONGO_DATABASE": names.database,
        "SHOPSYNC_TOPIC_PREFIX": names.topic_prefix,
    }
    command = [sys.executable, "-m", "shopsync_sandbox", "futureshop", "--seed", str(plan.seed)]
    command += ["--shop", f"{plan.shop_key}:{plan.products}", "--requests-per-second", str(plan.rate)]
    async with contextlib.AsyncExitStack() as resources:
        (child, facts), _ = await asyncio.gather(
            start_announced("futureshop", command, log=folder / "futureshop.log"), apply_topics(common, folder)
        )
        resources.push_async_callback(child.terminate, 5.0)
        shops_file = folder / "shops.yaml"
        shops_file.write_text(_shops(facts), encoding="utf-8")
        own = {
            "INGESTOR_SHOPS_FILE": str(shops_file),
            "INGESTOR_REQUESTS_PER_SECOND": str(plan.rate),
            "INGESTOR_SETTINGS_GRACE": "60s",
        }
        ingestor = await resources.enter_async_context(ServiceProcess("ingestor", env={**common, **own}, folder=folder))
        yield ImportStack(kafka_bootstrap, mongo_uri, names, facts, child.pid, ingestor)


def _shops(facts: Mapping[str, Any]) -> str:
    return yaml.safe_dump({key: {"base_url": facts["url"], **known} for key, known in facts["shops"].items()})


class ImportBench:
    """One run on a started stack. `servers`: process ids of Kafka and MongoDB, None where they are not ours."""

    def __init__(
        self,
        plan: ImportPlan,
        stack: ImportStack,
        *,
        meter: Meter,
        servers: Mapping[str, int | None],
        progress: Progress = lambda *_: None,
    ) -> None:
        self._plan = plan
        self._stack = stack
        self._meter = meter
        self._servers = servers
        self._progress = progress
        self._memory = Memory(plan.products)

    async def run(self) -> ImportMeasured:
        """Import, and gather. Raises TimeoutError when no report came in time."""
        stack, plan = self._stack, self._plan
        async with (
            AsyncMongoClient[dict[str, Any]](stack.mongo_uri) as mongo,
            connected(stack.kafka_bootstrap, stack.names.topic_prefix) as (bus, follower),
        ):
            database = mongo[stack.names.database]
            await database["shops"].insert_one({"_id": plan.shop_key})
            before = await self._end()
            self._watch()
            (request_id,) = await bus.publish([ImportRequested(shop_key=plan.shop_key, mode="overwrite_all")])
            looking = asyncio.create_task(self._look(database["imports"]), name="bench-memory")
            try:
                report = await follower.until(
                    lambda: follower.report(ImportCompleted, request_id) or follower.report(ImportFailed, request_id),
                    seconds=plan.bound, what="the import's report",
                )  # fmt: skip
            finally:
                looking.cancel()
                await asyncio.wait([looking])
            self._sample(report.counts.read)
            present = await database["presence"].count_documents({"shop_key": plan.shop_key, "absent_since": None})
            return await self._gather(report, await self._end() - before, present)

    def _watch(self) -> None:
        named = {"ingestor": self._stack.ingestor.child.pid, "futureshop sandbox": self._stack.futureshop_pid}
        for name, pid in {**named, **self._servers}.items():
            self._meter.watch(name, pid)
        self._began = time.monotonic()

    async def _look(self, imports: Any) -> None:
        while True:
            run = await imports.find_one({"shop_key": self._plan.shop_key}, {"counts.read": 1})
            self._sample(run["counts"]["read"] if run else 0)
            await asyncio.sleep(_LOOK_SECONDS)

    def _sample(self, done: int) -> None:
        self._progress("products", done, self._plan.products)
        seconds = time.monotonic() - self._began
        self._memory.sample(done, seconds, resident_bytes(self._stack.ingestor.child.pid))

    async def _end(self) -> int:
        """How many messages product-changes.v1 holds."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self._stack.kafka_bootstrap, isolation_level="read_committed")
        await consumer.start()
        try:
            topic = PRODUCT_CHANGES.full_name(self._stack.names.topic_prefix)
            ends = await consumer.end_offsets([TopicPartition(topic, n) for n in range(PRODUCT_CHANGES.partitions)])
            return sum(ends.values())
        finally:
            await consumer.stop()

    async def _gather(self, report: ImportCompleted | ImportFailed, messages: int, present: int) -> ImportMeasured:
        cpu = self._meter.read()
        async with httpx.AsyncClient(base_url=self._stack.futureshop["url"], timeout=30.0, trust_env=False) as control:
            journal = (await control.get("/_sandbox/requests", params={"limit": 10_000})).raise_for_status().json()
        refused = Counter(entry["kind"] for entry in journal["entries"] if entry["status"] >= _ERROR)
        completed = report if isinstance(report, ImportCompleted) else None
        failure = "" if not isinstance(report, ImportFailed) else f"{report.code}: {report.message}"
        ended = report.completed_at if isinstance(report, ImportCompleted) else report.failed_at
        return ImportMeasured(
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
