"""Every user tries everything on every topic and group: what is declared works, and nothing else does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import HeartbeatRequest

from shopsync_contracts import TOPICS
from shopsync_contracts.access import GROUPS, PRINCIPALS, principal_of

PREFIX = "matrix"
NAMES = [spec.full_name(PREFIX) for spec in TOPICS]
USERS = [*(one.name for one in PRINCIPALS), "nobody"]
STRANGE = ("matrix.tool.tool", "matrix.other-systems.erp", "matrix.toolbox", "elsewhere.catalog.products")
GROUP_NAMES = [*(one.full_name(PREFIX) for one in GROUPS), *STRANGE]
_TOPIC_REFUSED, _GROUP_REFUSED, _CLUSTER_REFUSED = 29, 30, 31

Right = tuple[str, str, str]


@dataclass
class User:
    """A user of the cluster who tries things."""

    name: str
    admin: AIOKafkaAdminClient
    producer: AIOKafkaProducer
    rights: set[Right] = field(default_factory=set)

    async def try_everything(self) -> set[Right]:
        await self._topics_seen()
        await self._settings_read()
        await self._records_read()
        await asyncio.gather(*(self._written(name) for name in NAMES))
        for group in GROUP_NAMES:
            await self._group(group)
        return self.rights

    async def _topics_seen(self) -> None:
        for topic in await self.admin.describe_topics(NAMES):
            if topic["error_code"] != _TOPIC_REFUSED:
                self.rights.add(("topic", topic["topic"], "Describe"))

    async def _settings_read(self) -> None:
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in NAMES]
        for answer in await self.admin.describe_configs(resources):
            for code, _message, _kind, name, _entries in answer.resources:
                if code != _TOPIC_REFUSED:
                    assert code == 0
                    self.rights.add(("topic", name, "DescribeConfigs"))

    async def _records_read(self) -> None:
        request = FetchRequest(100, 1, 1 << 20, 1, [(name, [(0, 0, 1 << 16)]) for name in NAMES])
        for name, partitions in (await self.admin._send_request(request)).topics:
            if partitions[0][1] != _TOPIC_REFUSED:
                assert partitions[0][1] == 0
                self.rights.add(("topic", name, "Read"))

    async def _written(self, name: str) -> None:
        try:
            await asyncio.wait_for(self.producer.send_and_wait(name, b"{}", key=b"k", partition=0), 20)
        except TopicAuthorizationFailedError:
            return
        self.rights.add(("topic", name, "Write"))

    async def _group(self, group: str) -> None:
        try:
            coordinator = await self.admin.find_coordinator(group)
        except GroupAuthorizationFailedError:
            return
        self.rights.add(("group", group, "Describe"))
        answer = await self.admin._send_request(HeartbeatRequest(group, 1, "nobody"), coordinator)
        if answer.error_code != _GROUP_REFUSED:
            self.rights.add(("group", group, "Read"))


@asynccontextmanager
async def user_of(broker: Any, name: str) -> AsyncIterator[User]:
    admin = AIOKafkaAdminClient(**broker.options(name), request_timeout_ms=10_000)
    await admin.start()
    try:
        async with AIOKafkaProducer(**broker.options(name)) as producer:
            yield User(name, admin, producer)
    finally:
        await admin.close()


def declared(name: str) -> set[Right]:
    """On these topics and groups. To read or to write includes to describe."""
    principal = principal_of(name)
    rights: set[Right] = set()
    for acl in () if principal is None else principal.acls(PREFIX):
        known = NAMES if acl.resource == "topic" else GROUP_NAMES
        reached = [one for one in known if (one.startswith(acl.name) if acl.pattern == "prefixed" else one == acl.name)]
        for one in reached:
            rights.add((acl.resource, one, acl.operation))
            if acl.operation in {"Read", "Write"}:
                rights.add((acl.resource, one, "Describe"))
    return rights


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cluster(grant):
    """With a record on every topic."""
    cluster = await grant(PREFIX)
    async with AIOKafkaProducer(**cluster.broker.options("admin", "SSL")) as producer:
        for name in NAMES:
            await producer.send_and_wait(name, b"{}", key=b"k", partition=0)
    return cluster


@pytest.mark.parametrize("name", USERS)
async def test_a_user_may_do_what_is_declared_and_nothing_else(cluster, name):
    async with user_of(cluster.broker, name) as user:
        tried = await user.try_everything()
    assert sorted(declared(name) - tried) == [], "declared, and refused"
    assert sorted(tried - declared(name)) == [], "allowed, and not declared"


@pytest.mark.parametrize("name", USERS)
async def test_a_user_administers_nothing(cluster, name):
    topic = NAMES[0]
    async with user_of(cluster.broker, name) as user:
        [(_, created, *_)] = (await user.admin.create_topics([NewTopic(f"{PREFIX}.own", 1, 1)])).topic_errors
        [(_, deleted)] = (await user.admin.delete_topics([topic])).topic_error_codes
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "1"})
        [(altered, *_)] = (await user.admin.alter_configs([resource]))[0].resources
    assert created in {_TOPIC_REFUSED, _CLUSTER_REFUSED}
    assert (deleted, altered) == (_TOPIC_REFUSED, _TOPIC_REFUSED)


def test_each_user_has_something_to_lose():
    """Or the matrix would be green for a cluster that refuses everybody."""
    assert [name for name in USERS if not declared(name)] == ["nobody"]
    assert all(("topic", spec.full_name(PREFIX), "Read") in declared("operator") for spec in TOPICS)
