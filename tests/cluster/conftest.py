"""Three brokers and three members of MongoDB, the catalogue on them, and a load whose outcome is known.

The servers start with the first test that needs them and are whole again before the next one. Each test has topics and
a database of its own.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families
from pymongo import AsyncMongoClient

from shopsync_contracts import TOPICS
from shopsync_contracts.events import ShopSettingsChanged
from shopsync_rehearsals.bus import connected
from shopsync_rehearsals.endurance.invariants import Findings, settled
from shopsync_rehearsals.endurance.load import Load, Mixture
from shopsync_rehearsals.endurance.log import reading
from shopsync_runtime.kafka.admin import admin_client, apply_topics
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_testkit.backends import Unavailable
from shopsync_testkit.fault_proxy import FaultProxy, Route
from shopsync_testkit.kafka import cluster as kafka_members
from shopsync_testkit.mongo import cluster as mongo_members
from shopsync_testkit.polling import eventually
from shopsync_testkit.ports import free_port
from shopsync_testkit.processes import ServiceProcess

SHOP = "endurance"
PATIENCE = 300.0
"""Bounds what hangs. Nothing is judged by it."""

_PARTITIONS = 6
"""Of product topics: enough for every fault, and half as many replicas to bring back after each."""


def pytest_collection_modifyitems(items):
    for item in items:
        if "cluster" in item.path.parts:
            item.add_marker("e2e")
            item.add_marker(pytest.mark.timeout(900))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def brokers():
    """Three brokers."""
    async with contextlib.AsyncExitStack() as resources:
        try:
            started = await resources.enter_async_context(kafka_members.cluster())
        except Unavailable as error:
            pytest.skip(f"no cluster of Apache Kafka: {error}")
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def databases():
    """Three members of a replica set."""
    async with contextlib.AsyncExitStack() as resources:
        try:
            started = await resources.enter_async_context(mongo_members.cluster())
        except Unavailable as error:
            pytest.skip(f"no replica set of MongoDB: {error}")
        yield started


@dataclass
class Site:
    """Topics and a database of one test on the cluster."""

    brokers: kafka_members.KafkaCluster
    databases: mongo_members.MongoReplicaSet
    prefix: str
    folder: Path

    def settings(self) -> dict[str, str]:
        """Of every service."""
        return {
            "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": self.brokers.bootstrap_servers,
            "SHOPSYNC_MONGO_URI": self.databases.uri,
            "SHOPSYNC_MONGO_DATABASE": self.prefix,
            "SHOPSYNC_TOPIC_PREFIX": self.prefix,
            "SHOPSYNC_KAFKA_SESSION_TIMEOUT": "10s",
        }

    async def prepare(self) -> None:
        """Create the topics, and publish settings for the shop."""
        specs = [replace(spec, partitions=min(spec.partitions, _PARTITIONS)) for spec in TOPICS]
        await apply_topics(KafkaConnection(self.brokers.bootstrap_servers), self.prefix, specs, replication_factor=3)
        async with connected(self.brokers.bootstrap_servers, self.prefix) as (bus, _):
            await bus.publish([ShopSettingsChanged(shop_key=SHOP)])

    def catalogue(self, number: int, **env: str) -> ServiceProcess:
        """A replica of the catalogue, not yet started."""
        own = {**self.settings(), "SHOPSYNC_INSTANCE_ID": f"catalog-{number}", **env}
        return ServiceProcess("catalog", name=f"catalog-{number}", env=own, folder=self.folder)

    async def checked(self, load: Load) -> Findings:
        """Stop the load, wait until everything is worked off, and check what must hold."""
        await load.stop()
        async with (
            reading(self.brokers.bootstrap_servers) as log,
            AsyncMongoClient(self.databases.uri, tz_aware=True) as client,
        ):
            findings = await settled(log, client[self.prefix], self.prefix, load, patience=PATIENCE)
        assert findings.wrong == [], str(findings)
        return findings

    async def remove(self) -> None:
        async with admin_client(KafkaConnection(self.brokers.bootstrap_servers)) as admin:
            mine = [name for name in await admin.list_topics() if name.startswith(self.prefix)]
            await admin.delete_topics(mine)
        async with AsyncMongoClient(self.databases.uri) as client:
            await client.drop_database(self.prefix)


@dataclass
class Work:
    """Replicas of the catalogue under load."""

    site: Site
    replicas: Sequence[ServiceProcess]
    load: Load
    pids: Sequence[int]

    @property
    def products(self) -> str:
        """The consumer group of the products."""
        return f"{self.site.prefix}.catalog.products"

    async def counter(self, name: str, **labels: str) -> float:
        """The sum of a metric over the replicas; those that do not answer count nothing."""
        return sum([await scraped(replica, name, labels) for replica in self.replicas])

    async def handled(self) -> float:
        return await self.counter("shopsync_messages_handled_total", group=self.products)

    async def progress(self, messages: int = 100) -> float:
        """Wait until so many more messages are handled. Returns how many seconds it took."""
        began, before = time.monotonic(), await self.handled()

        async def more():
            return await self.handled() >= before + messages

        await eventually(more, timeout=PATIENCE, interval=0.1, what=f"{messages} more messages handled")
        return time.monotonic() - began

    async def end(self) -> Findings:
        """Stop the load, wait until everything is worked off, and check what must hold."""
        findings = await self.site.checked(self.load)
        assert [replica.child.pid for replica in self.replicas if replica.running] == list(self.pids), "none restarted"
        return findings


async def scraped(replica: ServiceProcess, name: str, labels: dict[str, str]) -> float:
    """The sum of a metric's samples with these labels; 0 when the replica does not answer."""
    async with httpx.AsyncClient(base_url=replica.url, timeout=5.0, trust_env=False) as client:
        try:
            text = (await client.get("/metrics")).text
        except httpx.TransportError:
            return 0.0
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())


@pytest_asyncio.fixture(loop_scope="session")
async def site(brokers, databases, tmp_path):
    """Topics and a database on a cluster that is whole, before and after."""
    await asyncio.gather(brokers.start(), databases.start())
    await asyncio.gather(brokers.healed(), databases.healed())
    made = Site(brokers, databases, f"c{uuid.uuid4().hex[:10]}", tmp_path)
    await made.prepare()
    yield made
    await asyncio.gather(brokers.start(), databases.start())
    await made.remove()


@pytest.fixture
def at_work(site):
    """`async with at_work() as work`: two replicas of the catalogue, and a load that flows."""

    @contextlib.asynccontextmanager
    async def begin(mixture: Mixture | None = None, *, replicas: int = 2, **env: str) -> AsyncIterator[Work]:
        processes = [site.catalogue(number, **env) for number in range(replicas)]
        try:
            await asyncio.gather(*(one.start() for one in processes))
            async with Load(site.brokers.bootstrap_servers, site.prefix, SHOP, mixture or Mixture()) as load:
                work = Work(site, processes, load, [one.child.pid for one in processes])
                await work.progress()
                yield work
        finally:  # before the links that they use
            await asyncio.gather(*(one.terminate() for one in processes if one.running))

    return begin


@dataclass
class Link:
    """A way from the services to a server that a test can disturb. `settings` send a service over it."""

    name: str
    proxy: FaultProxy
    settings: dict[str, str]


@pytest_asyncio.fixture(loop_scope="session")
async def kafka_link(site):
    """To all brokers, for clients and not among the brokers."""
    async with FaultProxy(site.brokers.routes) as proxy:
        address = {"SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": site.brokers.proxied_bootstrap_servers}
        yield Link("Kafka", proxy, address)


@pytest_asyncio.fixture(loop_scope="session")
async def mongo_link(site):
    """To the present primary alone: what a set tells its clients are the members' own addresses."""
    route = Route(free_port(), site.databases.port(await site.databases.primary()))
    async with FaultProxy([route]) as proxy:
        yield Link("MongoDB", proxy, {"SHOPSYNC_MONGO_URI": site.databases.uri_by(route.listen)})
