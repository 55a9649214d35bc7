"""The pytest plugin of the workspace: Kafka and MongoDB for tests, started once and only when a test needs them.

Loaded by the root conftest. Under pytest-xdist every worker has its own Kafka and MongoDB, so that a test may stop or
freeze them. Their files are in memory where there is room (see `scratch`).

Fixtures: kafka_broker, kafka_bootstrap, topic_prefix, mongo_server, mongo_uri, mongo_client, mongo_database; with
access control secured_kafka, secured_mongo.
Marker: needs_kafka("capability", …) skips where the broker lacks one.
"""

import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import AsyncMongoClient

from shopsync_testkit import kafka, mongo
from shopsync_testkit.backends import Unavailable
from shopsync_testkit.kafka import CAPABILITIES, Broker
from shopsync_testkit.kafka.secured import SecuredBroker, start_secured
from shopsync_testkit.mongo import MongoServer
from shopsync_testkit.mongo import secured as mongo_secured
from shopsync_testkit.mongo.secured import SecuredMongo
from shopsync_testkit.polling import NeverHappened, eventually
from shopsync_testkit.ports import free_port
from shopsync_testkit.processes import ServiceProcess
from shopsync_testkit.scratch import FOLDER, memory_folder

__all__ = ["NeverHappened", "ServiceProcess", "delete_topics", "eventually", "free_port"]

_KAFKA_FIXTURES = frozenset({"kafka_broker", "kafka_bootstrap", "secured_kafka"})
_MONGO_FIXTURES = frozenset({"mongo_server", "mongo_uri", "mongo_client", "mongo_database", "secured_mongo"})


@dataclass
class _Running:
    """The servers that this session has started."""

    broker: Broker | None = None
    server: MongoServer | None = None
    of_workers: list[str] = field(default_factory=list)

    def described(self) -> list[str]:
        return [f"{each.describe()} — {each.why}" for each in (self.broker, self.server) if each is not None]


_USED = "shopsync_servers"
_RUNNING = pytest.StashKey[_Running]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RUNNING] = _Running()
    if (folder := memory_folder()) is not None:
        os.environ.setdefault(FOLDER, str(folder))  # services started by tests inherit it
    config.addinivalue_line(
        "markers",
        "needs_kafka(*capabilities): skip when the broker lacks one (names: shopsync_testkit.kafka.CAPABILITIES)",
    )


def pytest_report_header() -> str:
    asked = [f"{name}={os.environ.get(name) or 'auto'}" for name in ("SHOPSYNC_KAFKA", "SHOPSYNC_MONGO")]
    return f"shopsync: {', '.join(asked)} (started when the first test needs them; the summary says which)"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker reports to the main session which servers its tests ran against."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_USED] = session.config.stash[_RUNNING].described()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Keep what a worker reported when it ended (pytest-xdist)."""
    node.config.stash[_RUNNING].of_workers += getattr(node, "workeroutput", {}).get(_USED, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    running = config.stash[_RUNNING]
    for line in [*running.described(), *running.of_workers]:
        terminalreporter.write_line(line)


@pytest.hookimpl(tryfirst=True)  # before -m selects by these markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & _KAFKA_FIXTURES or item.get_closest_marker("needs_kafka"):
            item.add_marker("kafka")
        if fixtures & _MONGO_FIXTURES:
            item.add_marker("mongo")
    if hasattr(config, "workerinput"):
        # The slowest files first: the quick ones at the end keep every worker busy.
        items.sort(key=lambda item: [item.get_closest_marker(name) is None for name in ("e2e", "kafka", "mongo")])


@pytest.fixture(autouse=True)
def _kafka_capabilities(request: pytest.FixtureRequest) -> None:
    needed = {name for marker in request.node.iter_markers("needs_kafka") for name in marker.args}
    if not needed:
        return
    if unknown := needed - CAPABILITIES.keys():
        pytest.fail(f"needs_kafka names no capability: {', '.join(sorted(unknown))}; known: {', '.join(CAPABILITIES)}")
    broker: Broker = request.getfixturevalue("kafka_broker")
    if lacking := sorted(needed & broker.lacks):
        pytest.skip(f"the {broker.backend} broker lacks {'; '.join(f'{n} ({CAPABILITIES[n]})' for n in lacking)}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka_broker(pytestconfig: pytest.Config) -> AsyncIterator[Broker]:
    """The session's broker, chosen by SHOPSYNC_KAFKA. A test that stops it must start it again."""
    async with kafka.broker() as broker:
        pytestconfig.stash[_RUNNING].broker = broker
        yield broker


@pytest.fixture(scope="session")
def kafka_bootstrap(kafka_broker: Broker) -> str:
    """host:port of the session's broker."""
    return kafka_broker.bootstrap_servers


@pytest_asyncio.fixture(loop_scope="session")
async def topic_prefix(pytestconfig: pytest.Config) -> AsyncIterator[str]:
    """A prefix for the topics and groups of this test. Its topics are deleted afterwards.

    It does not start Kafka by itself.
    """
    prefix = f"t{uuid.uuid4().hex[:10]}"
    yield prefix
    broker = pytestconfig.stash[_RUNNING].broker
    if broker is not None:
        await delete_topics(broker.bootstrap_servers, prefix)


async def delete_topics(bootstrap_servers: str, prefix: str) -> None:
    """All whose names begin with the prefix."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        mine = [name for name in await admin.list_topics() if name.startswith(f"{prefix}")]
        if mine:
            await admin.delete_topics(mine)
    finally:
        await admin.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mongo_server(pytestconfig: pytest.Config) -> AsyncIterator[MongoServer]:
    """The session's MongoDB, chosen by SHOPSYNC_MONGO. A test that stops it must start it again."""
    async with mongo.server() as server:
        pytestconfig.stash[_RUNNING].server = server
        yield server


@pytest.fixture(scope="session")
def mongo_uri(mongo_server: MongoServer) -> str:
    return mongo_server.uri


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mongo_client(mongo_uri: str) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    """One client for the session, for tests to read with: time-zone aware, w=majority."""
    async with AsyncMongoClient[dict[str, Any]](mongo_uri, tz_aware=True, w="majority") as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def mongo_database(mongo_client: AsyncMongoClient[dict[str, Any]]) -> AsyncIterator[str]:
    """The name of a database for this test only. Dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:10]}"
    yield name
    await mongo_client.drop_database(name)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def secured_kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SecuredBroker]:
    """A Kafka with access control of this session's own, whatever SHOPSYNC_KAFKA says. Nobody has any right."""
    try:
        broker = await start_secured(tmp_path_factory.mktemp("secured-kafka"))
    except Unavailable as error:
        pytest.skip(f"no Kafka with access control: {error}")
    yield broker
    await broker.node.dispose()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def secured_mongo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SecuredMongo]:
    """A MongoDB with access control of this session's own, whatever SHOPSYNC_MONGO says. Its one user is root."""
    try:
        server = await mongo_secured.start_secured(tmp_path_factory.mktemp("secured-mongo"))
    except Unavailable as error:
        pytest.skip(f"no MongoDB with access control: {error}")
    yield server
    await server.node.dispose()
