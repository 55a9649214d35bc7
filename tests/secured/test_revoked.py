"""A right that is taken away while a service runs: it is told without end, and when it comes back nothing is lost."""

import asyncio
from collections import Counter

import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from shopsync_cli.kafka.acls import Binding, create_acls, delete_acls
from shopsync_contracts.topics import DEAD_LETTERS, PRODUCT_CHANGES
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess

PREFIX = "revoked"
RIGHTS = {
    "read": Binding("User:catalog", "topic", PRODUCT_CHANGES.full_name(PREFIX), "literal", "Read"),
    "write": Binding("User:catalog", "topic", DEAD_LETTERS.full_name(PREFIX), "literal", "Write"),
    "group": Binding("User:catalog", "group", f"{PREFIX}.catalog.", "prefixed", "Read"),
}
TOLD = {
    "read": "Kafka does not let us read: ",
    "write": f"Kafka does not let us write {PREFIX}.dead-letters.v1",
    "group": f"Kafka does not let us read: GroupAuthorizationFailedError: {PREFIX}.catalog.",
}
_LINES = 40


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cluster(grant):
    return await grant(PREFIX)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def catalog(cluster, database, tmp_path_factory):
    env = {
        **cluster.as_user("catalog"),
        **database.as_user("catalog"),
        "SHOPSYNC_KAFKA_SESSION_TIMEOUT": "6s",
    }
    async with ServiceProcess("catalog", env=env, folder=tmp_path_factory.mktemp("catalog")) as service:
        yield service


async def readiness(service) -> str:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        answer = await client.get(f"{service.url}/readyz")
    return "" if answer.status_code == 200 else answer.text


def tries(lines) -> int:
    return sum(line["event"] == "batch put back" for line in lines)


@pytest.mark.secured
@pytest.mark.reliability(29)
@pytest.mark.parametrize("kind", RIGHTS)
async def test_it_is_not_ready_until_the_right_comes_back_and_takes_what_waits(cluster, catalog, kind):
    topic = PRODUCT_CHANGES.full_name(PREFIX)
    before = len(catalog.log_lines())
    async with cluster.broker.admin() as admin, AIOKafkaProducer(**cluster.broker.options("operator")) as other:

        async def say(text: bytes) -> None:
            await asyncio.gather(*[await other.send(topic, text, key=b"x", partition=n) for n in range(3)])

        await delete_acls(admin, [RIGHTS[kind]])
        await say(b"while it was away")

        async def is_told():
            return TOLD[kind] in await readiness(catalog)

        await eventually(is_told, timeout=40, what="the refusal in /readyz", interval=0.2)
        lines = catalog.log_lines()[before:]
        assert len(lines) < _LINES, Counter(line["event"] for line in lines)
        assert [line for line in lines if line["event"] == "refused by Kafka"]
        if kind == "write":
            await eventually(lambda: tries(catalog.log_lines()[before:]) >= 4, timeout=40, what="some tries")
            lines = catalog.log_lines()[before:]
            of_us = [line["event"] for line in lines if line["logger"] == "shopsync_runtime.kafka.producer"]
            assert of_us == ["a record was refused, the producer is replaced", "producer replaced"], "told once"
        await create_acls(admin, [RIGHTS[kind]])

        def letters():
            return len([line for line in catalog.log_lines()[before:] if line["event"] == "dead letter"]) >= 3

        await eventually(letters, timeout=40, what="the messages that waited")

    async def is_ready():
        return not await readiness(catalog)

    if kind == "write":  # of the others it is told for some seconds more
        await eventually(is_ready, what="readiness", interval=0.2)
