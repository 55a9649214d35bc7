"""Number 29 of the reliability list: a topic, a right or a password that is missing at the start is one clear line."""

import contextlib
import json

import pytest
import pytest_asyncio

from shopsync_cli.kafka.acls import Binding, create_acls, delete_acls, read_acls
from shopsync_contracts.access import principal_of
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess

PREFIX = "start"
SOON = {"SHOPSYNC_START_TIMEOUT": "1s"}
_LINES = 30
"""Of the log of a start that failed: what it waits for is told when it begins and when it changes."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cluster(grant):
    return await grant(PREFIX)


@contextlib.asynccontextmanager
async def without(cluster, *bindings: Binding):
    """The block runs while the user lacks these rights."""
    async with cluster.broker.admin() as admin:

        async def are_there(wanted: bool) -> None:
            async def as_wanted():
                return (set(bindings) <= await read_acls(admin)) == wanted

            await eventually(as_wanted, what="the change of rights")

        await delete_acls(admin, bindings)
        await are_there(False)
        try:
            yield admin
        finally:
            await create_acls(admin, bindings)
            await are_there(True)


@pytest.fixture
def service(cluster, database, tmp_path):
    """A service as its own user. The ingestor's and the publisher's files and secrets are of no account here."""
    shops = tmp_path / "shops.yaml"
    shops.write_text("demo: {base_url: http://127.0.0.1:1, client_id: i, client_secret: s}")
    own = {
        "INGESTOR_SHOPS_FILE": str(shops),
        "PUBLISHER_TIKTOK_APP_KEY": "k",
        "PUBLISHER_TIKTOK_APP_SECRET": "s",
        "PUBLISHER_TOKEN_KEY": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
    }

    def make(name: str, **more: str) -> ServiceProcess:
        mine = {key: value for key, value in own.items() if key.startswith(name.upper())}
        env = {**cluster.as_user(name), **database.as_user(name), **mine, **SOON, **more}
        return ServiceProcess(name, env=env, folder=tmp_path)

    return make


async def last_words(service: ServiceProcess) -> str:
    """Start it, wait for its end with 1, and return its one line for people."""
    await service.start(wait=False)
    assert await service.exited() == 1
    lines = service.log.read_text().splitlines()
    service.log.unlink()
    assert len(lines) < _LINES, "it floods the log"
    words = [line for line in lines if not line.startswith("{")]
    assert len(words) == 1, words
    assert words[0].startswith(f"{service.module}: cannot run: ")
    return words[0]


def right(user: str, operation: str, resource: str, name: str, pattern: str = "literal") -> Binding:
    return Binding(f"User:{user}", resource, f"{PREFIX}.{name}", pattern, operation)


MISSING = {
    "ingestor": (right("ingestor", "Write", "topic", "reports.v1"), "User:ingestor Write on topic start.reports.v1"),
    "catalog": (
        right("catalog", "Read", "group", "catalog.", "prefixed"),
        "User:catalog Read on group start.catalog.products",
    ),
    "publisher": (
        right("publisher", "Read", "topic", "push-commands.v1"),
        "publisher.token) Read on topic start.push-commands.v1",
    ),
    "console": (
        right("console", "Read", "topic", "dead-letters.v1"),
        "User:console Read on topic start.dead-letters.v1",
    ),
    "janitor": (
        right("janitor", "Describe", "group", "catalog.products"),
        "User:CN=janitor,OU=users,O=shopsync tests (of its certificate) Describe on group start.catalog.products",
    ),
}


@pytest.mark.reliability(29)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "catalog" else pytest.mark.secured) for name in MISSING]
)
async def test_a_missing_right_is_told_with_who_lacks_it_and_what_helps(cluster, service, name):
    missing, told = MISSING[name]
    async with without(cluster, missing):
        words = await last_words(service(name))
    assert told in words
    assert "`shopsync topics apply --acls`" in words


@pytest.mark.reliability(29)
async def test_a_right_that_is_granted_while_it_waits_is_enough(cluster, service):
    missing = right("catalog", "Write", "topic", "push-commands.v1")
    catalog = service("catalog", SHOPSYNC_START_TIMEOUT="60s")
    async with without(cluster, missing):
        await catalog.start(wait=False)

        def waits():
            return [line for line in catalog.log_lines() if line["event"] == "waiting" and "Write" in line["problem"]]

        await eventually(waits, what="the line that says so")
    await catalog.ready()
    assert await catalog.terminate() == 0


@pytest.mark.secured
@pytest.mark.reliability(29)
async def test_a_missing_topic_is_told_as_such(cluster, service, grant):
    other = f"{PREFIX}.empty"
    words = await last_words(service("janitor", SHOPSYNC_TOPIC_PREFIX=other))
    assert "does not let" in words, "who may not see a topic cannot know whether it is there"
    async with cluster.broker.admin() as admin:
        mine = [
            Binding("User:janitor", one.resource, one.name, one.pattern, one.operation)
            for one in principal_of("janitor").acls(other)
        ]
        await create_acls(admin, mine)
    words = await last_words(service("janitor", SHOPSYNC_TOPIC_PREFIX=other))
    assert "lacks topics" in words
    assert f"{other}.sweep-commands.v1" in words
    assert f"{other}.push-commands.v1" not in words, "the janitor does not need it"
    assert "`shopsync topics apply`" in words


@pytest.mark.reliability(29)
async def test_a_wrong_password_is_told_as_such(service):
    words = await last_words(service("catalog", SHOPSYNC_KAFKA_PASSWORD="wrong"))
    assert "SHOPSYNC_KAFKA_PASSWORD" in words
    assert "wrong" not in json.dumps(words).replace("wrong password", "")
