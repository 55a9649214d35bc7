"""Kafka and MongoDB with access control, and every service as a user of its own with nothing but what is declared."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka.errors import GroupCoordinatorNotAvailableError
from typer.testing import CliRunner

from shopsync_cli.app import app
from shopsync_contracts.access import SERVICES
from shopsync_testkit.kafka.secured import ADMIN, Mechanism, Protocol, SecuredBroker
from shopsync_testkit.mongo.secured import SecuredMongo
from shopsync_testkit.polling import eventually

ROLES = Path(__file__).parents[2] / "deploy" / "mongo" / "roles.json"
BY_CERTIFICATE = ("janitor",)
"""Who logs in at MongoDB by X.509; the others have passwords."""


async def shopsync(*args: str, env: dict[str, str]) -> str:
    """Run the command with these variables and no others. Returns its output; raises AssertionError when it fails."""
    others = dict.fromkeys(name for name in os.environ if name.startswith(("SHOPSYNC_", "MONGO_")))
    ended = await asyncio.to_thread(CliRunner().invoke, app, args, env={**others, **env})
    assert ended.exit_code == 0, ended.output
    return ended.output


@dataclass(frozen=True)
class Cluster:
    """The broker, with topics under a prefix on which every declared user has its rights."""

    broker: SecuredBroker
    prefix: str

    def as_admin(self) -> dict[str, str]:
        return {**self.broker.environment(ADMIN, "SSL"), "SHOPSYNC_TOPIC_PREFIX": self.prefix}

    def as_user(self, user: str) -> dict[str, str]:
        """The services log in in different ways."""
        ways: dict[str, tuple[Protocol, Mechanism]] = {
            "ingestor": ("SASL_SSL", "SCRAM-SHA-512"),
            "catalog": ("SASL_SSL", "PLAIN"),
            "publisher": ("SASL_SSL", "OAUTHBEARER"),
            "janitor": ("SSL", "SCRAM-SHA-512"),
        }
        protocol, mechanism = ways.get(user, ("SASL_SSL", "SCRAM-SHA-512"))
        return {**self.broker.environment(user, protocol, mechanism), "SHOPSYNC_TOPIC_PREFIX": self.prefix}


@pytest.fixture(scope="session")
def grant(secured_kafka: SecuredBroker) -> Callable[[str], Awaitable[Cluster]]:
    """Makes the topics of a prefix, with the declared rights on them."""

    async def make(prefix: str) -> Cluster:
        cluster = Cluster(secured_kafka, prefix)
        await shopsync("topics", "apply", "--acls", env=cluster.as_admin())
        await eventually(lambda: has_coordinator(secured_kafka), what="a coordinator for groups")
        return cluster

    return make


async def has_coordinator(broker: SecuredBroker) -> bool:
    """The first who asks makes the broker create its topic for groups."""
    async with broker.admin() as admin:
        try:
            await admin.find_coordinator("anybody")
        except GroupCoordinatorNotAvailableError:
            return False
    return True


@dataclass(frozen=True)
class Database:
    """MongoDB with the users and roles of deploy/mongo/roles.json."""

    server: SecuredMongo

    def as_user(self, user: str) -> dict[str, str]:
        if user in BY_CERTIFICATE:
            return {"SHOPSYNC_MONGO_URI": self.server.uri_by_certificate(user)}
        return {"SHOPSYNC_MONGO_URI": self.server.uri(user), "SHOPSYNC_MONGO_PASSWORD": f"p-{user}"}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(secured_mongo: SecuredMongo) -> Database:
    with_password = [user for user in (*SERVICES, "operator") if user not in BY_CERTIFICATE]
    passwords = {f"MONGO_{user.upper()}_PASSWORD": f"p-{user}" for user in with_password}
    root = {"SHOPSYNC_MONGO_URI": secured_mongo.root_uri, **passwords}
    subjects = [f"{user}={secured_mongo.authority.user(user).subject}" for user in BY_CERTIFICATE]
    options = [word for subject in subjects for word in ("--certificate", subject)]
    await shopsync("mongo", "apply-users", str(ROLES), *options, env=root)
    return Database(secured_mongo)


def pytest_collection_modifyitems(items):
    for item in items:
        if "story" in item.fixturenames:
            item.add_marker("e2e")
