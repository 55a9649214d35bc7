import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from guarded_mongod import guarded, root_of
from pymongo import AsyncMongoClient
from tool_database import ToolDatabase
from typer.testing import CliRunner

from shopsync_cli.app import app
from shopsync_contracts import TOPICS, TopicSpec, new_event, topic_of
from shopsync_contracts.events import ProductChanged
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.testing import records_of
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess


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


Findings = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture
def looked() -> Callable[..., Awaitable[Findings]]:
    """Runs the doctor; what it found by (check, what)."""

    async def look(shopsync: Shopsync, *options: str, only: tuple[str, ...] = (), code: int = 0, env: Any = None):
        chosen = [word for name in only for word in ("--only", name)]
        ended = await shopsync(*options, "doctor", "--json", "--timeout", "30", *chosen, env=env)
        assert ended.exit_code == code, ended.stdout + ended.stderr
        return {(one["check"], one["what"]): one for one in ended.json()["findings"]}

    return look


@pytest.fixture
def verdicts() -> Callable[[Findings], dict[str, str]]:
    """How each check ended."""
    return lambda found: {check: one["verdict"] for (check, _), one in found.items()}


ROLES = Path(__file__).parents[3] / "deploy" / "mongo" / "roles.json"


@pytest.fixture
def with_users(shopsync: Shopsync) -> Callable[[int], Awaitable[str]]:
    """Applies the roles to the mongod at a port, each user's password being p-NAME; how root logs in."""
    plan = json.loads(ROLES.read_text())
    passwords = {user["password_env"]: f"p-{user['name']}" for user in plan["users"]}

    async def apply(port: int) -> str:
        root, member = root_of(port), f"127.0.0.1:{port}"
        ended = await shopsync("--mongo", root, "mongo", "apply-users", str(ROLES), "--initiate", member, env=passwords)
        assert ended.exit_code == 0, ended.stderr
        return root

    return apply


@pytest_asyncio.fixture(loop_scope="session")
async def mongo_with_users(shared_guarded_mongo: int, with_users: Callable[[int], Awaitable[str]]) -> int:
    """Port of a mongod with the roles and users of deploy/mongo/roles.json, for tests that change neither."""
    await with_users(shared_guarded_mongo)
    return shared_guarded_mongo


@dataclass
class Bus:
    """A cluster with the topics of one test."""

    bootstrap: str
    prefix: str
    producer: AIOKafkaProducer | None = None

    @property
    def options(self) -> tuple[str, ...]:
        return ("--kafka", self.bootstrap, "--prefix", self.prefix)

    async def send(self, spec: TopicSpec, value: bytes | None, **how: Any) -> Any:
        assert self.producer is not None
        return await self.producer.send_and_wait(spec.full_name(self.prefix), value, **how)

    async def read(self, spec: TopicSpec) -> list[Any]:
        """Everything on a topic, by partition and offset."""
        found = await records_of(KafkaConnection(self.bootstrap), spec.full_name(self.prefix))
        return sorted(found, key=lambda record: (record.partition, record.offset))


@pytest.fixture
def bus_at() -> Callable[[str], Bus]:
    """For a broker other than the session's."""
    return lambda bootstrap: Bus(bootstrap, "shopsync")


@pytest_asyncio.fixture(loop_scope="session")
async def bus(kafka_bootstrap: str, topic_prefix: str) -> AsyncIterator[Bus]:
    await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, TOPICS)
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all", enable_idempotence=True) as producer:
        yield Bus(kafka_bootstrap, topic_prefix, producer)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def guarded_mongo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """Port of a mongod of the module's own that requires passwords; root's is p-root. Nobody has initiated its set."""
    async with guarded(tmp_path_factory.mktemp("mongo")) as port:
        yield port


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_guarded_mongo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """One of the whole session. Tests take it as `mongo_with_users`."""
    async with guarded(tmp_path_factory.mktemp("mongo")) as port:
        yield port


@pytest.fixture
def tool(mongo_uri: str, mongo_client: AsyncMongoClient[dict[str, Any]], mongo_database: str) -> ToolDatabase:
    """`tool.where`: the options that name it to the command."""
    return ToolDatabase(mongo_client[mongo_database], ("--mongo", mongo_uri, "--database", mongo_database))


TODAY = datetime.now(UTC)


class Shop:
    """A catalog process on its own topics and database, and the command line beside it."""

    def __init__(
        self, shopsync: Any, bus: Any, database: Any, options: tuple[str, ...], catalog: ServiceProcess
    ) -> None:
        self._shopsync = shopsync
        self._options = options
        self.bus = bus
        self.database = database
        self.catalog = catalog

    async def run(self, *args: str, **how: Any) -> Any:
        return await self._shopsync(*self._options, *args, **how)

    async def send(self, body: Any, *, time: datetime = TODAY) -> None:
        event = new_event(body, source="/tests", id=f"{body.subject}-{time}", time=time)
        await self.bus.send(topic_of(type(body)), event.to_bytes(), key=event.key())

    async def imported(self, *numbers: str) -> None:
        for number in numbers:
            product = {
                "updated_at": TODAY - timedelta(days=1),
                "name": f"シャツ {number}",
                "sale_form": "regular",
                "regular_price": 3500,
                "stock_managed": True,
                "skus": [{"stock": 10}],
            }
            body = {"shop_key": "demo", "product_no": number, "mode": "changed_only", "observed_at": TODAY}
            await self.send(ProductChanged.model_validate({**body, "product": product}, strict=False))

        async def there() -> bool:
            return await self.database["products"].count_documents({}) >= len(numbers)

        await eventually(there, what="the products")


@pytest_asyncio.fixture(loop_scope="session")
async def shop(shopsync, bus, mongo_uri, mongo_client, mongo_database, tmp_path: Path) -> AsyncIterator[Shop]:
    settings = {
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": bus.bootstrap,
        "SHOPSYNC_TOPIC_PREFIX": bus.prefix,
        "SHOPSYNC_MONGO_URI": mongo_uri,
        "SHOPSYNC_MONGO_DATABASE": mongo_database,
        "CATALOG_HELD_CHECK_INTERVAL": "100ms",
    }
    catalog = ServiceProcess("catalog", env=settings, folder=tmp_path)
    options = (*bus.options, "--mongo", mongo_uri, "--database", mongo_database)
    async with catalog:
        yield Shop(shopsync, bus, mongo_client[mongo_database], options, catalog)
