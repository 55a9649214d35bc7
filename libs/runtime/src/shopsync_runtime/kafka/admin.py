import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shopsync_contracts import TopicSpec
from shopsync_runtime.kafka.connection import KafkaConnection

_REQUEST_MS = 15_000
_LISTED_SECONDS = 15.0
_LISTED_PAUSE = 0.05
_MIN_INSYNC = "min.insync.replicas"
_MAX_BYTES = "max.message.bytes"
_SET_ON_TOPIC = 1  # config source: set on the topic itself


@dataclass(frozen=True, slots=True)
class Difference:
    """A topic on the cluster that differs from its declaration. `setting` is Kafka's name, or `partitions`."""

    topic: str
    setting: str
    declared: str
    found: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.setting} is {self.found}, declared {self.declared}"


@dataclass(frozen=True, slots=True)
class TopicsReport:
    """What applying the declarations did. Full topic names, in the order of the declarations.

    `raised`: message size limits that were too low and were raised.
    """

    created: list[str]
    checked: list[str]
    differences: list[Difference]
    raised: list[Difference] = field(default_factory=list)


@asynccontextmanager
async def admin_client(connection: KafkaConnection) -> AsyncIterator[AIOKafkaAdminClient]:
    """A connected admin client. Raises KafkaError when no broker answers."""
    client = AIOKafkaAdminClient(**connection.options(), request_timeout_ms=_REQUEST_MS)
    try:
        await client.start()
        yield client
    finally:
        await client.close()


async def partitions_of(connection: KafkaConnection, names: Sequence[str]) -> dict[str, list[int]]:
    """Partition numbers of each of these topics (full names). Missing topics are left out."""
    async with admin_client(connection) as client:
        described = await client.describe_topics()
    return {
        topic["topic"]: sorted(partition["partition"] for partition in topic["partitions"])
        for topic in described
        if topic["topic"] in names and not topic["error_code"]
    }


async def group_members(connection: KafkaConnection, group: str) -> list[tuple[str, str, str]]:
    """Member id, client id and address of each process in the group. Raises KafkaError."""
    async with admin_client(connection) as client:
        [response] = await client.describe_consumer_groups([group])
    [(code, _group, _state, _kind, _protocol, members, *_)] = response.groups
    if code:
        raise for_code(code)(f"cannot describe the group {group}")
    return [(member, client_id, host.lstrip("/")) for member, client_id, host, *_ in members]


async def topic_setting(connection: KafkaConnection, topic: str, setting: str) -> str:
    """The effective value of a topic's setting (full name). Raises KafkaError, also without permission to read it."""
    async with admin_client(connection) as client:
        return (await _configs(client, [topic]))[topic][setting]


async def apply_topics(
    connection: KafkaConnection,
    prefix: str,
    specs: Sequence[TopicSpec],
    *,
    replication_factor: int = 1,
) -> TopicsReport:
    """Create missing topics and compare existing ones, of which only message size limits are raised.

    With a lower limit, messages would fail that the contract allows.
    Partitions are never added: keys would move to other partitions and lose their order. An operator decides on
    differences. Raises KafkaError when the broker refuses.
    """
    wanted = {spec.full_name(prefix): spec for spec in specs}
    async with admin_client(connection) as client:
        there = set(await client.list_topics())
        created = await _create(client, {n: s for n, s in wanted.items() if n not in there}, replication_factor)
        checked = [name for name in wanted if name not in created]
        await _wait_until_listed(client, set(wanted))
        differences = await _compare(client, {name: wanted[name] for name in checked}, replication_factor)
        raised = [one for one in differences if _is_too_low(one)]
        await _raise_limits(client, raised)
    return TopicsReport(
        created=created,
        checked=checked,
        differences=[one for one in differences if one not in raised],
        raised=raised,
    )


async def compare_topics(
    connection: KafkaConnection, prefix: str, specs: Sequence[TopicSpec], *, replication_factor: int = 1
) -> list[Difference]:
    """How topics differ from their declarations; nothing is changed. Raises KafkaError, also for a missing topic."""
    async with admin_client(connection) as client:
        return await _compare(client, {spec.full_name(prefix): spec for spec in specs}, replication_factor)


def declared_config(spec: TopicSpec, replication_factor: int) -> dict[str, str]:
    """The topic's configuration. Writes need all replicas but one."""
    return {**spec.config(), _MIN_INSYNC: str(max(1, replication_factor - 1))}


async def _create(client: AIOKafkaAdminClient, wanted: dict[str, TopicSpec], replication_factor: int) -> list[str]:
    if not wanted:
        return []
    topics = [
        NewTopic(
            name=name,
            num_partitions=spec.partitions,
            replication_factor=replication_factor,
            topic_configs=declared_config(spec, replication_factor),
        )
        for name, spec in wanted.items()
    ]
    response = await client.create_topics(topics)
    created = []
    for name, code, *message in response.topic_errors:
        error = for_code(code)
        if code == 0:
            created.append(name)
        elif error is not TopicAlreadyExistsError:  # created by another process at the same time
            raise error(f"cannot create topic {name}: {message[0] if message else ''}".rstrip(": "))
    return created


async def _wait_until_listed(client: AIOKafkaAdminClient, names: set[str]) -> None:
    """Wait until the brokers know the created topics: the controller knows them a moment earlier."""
    async with asyncio.timeout(_LISTED_SECONDS):
        while not names <= set(await client.list_topics()):  # noqa: ASYNC110 - brokers send no event
            await asyncio.sleep(_LISTED_PAUSE)


async def _compare(
    client: AIOKafkaAdminClient, wanted: dict[str, TopicSpec], replication_factor: int
) -> list[Difference]:
    if not wanted:
        return []
    differences = []
    for found in await client.describe_topics(list(wanted)):
        if found["error_code"]:
            raise for_code(found["error_code"])(f"cannot describe topic {found['topic']}")
        spec, partitions = wanted[found["topic"]], len(found["partitions"])
        if partitions != spec.partitions:
            differences.append(Difference(found["topic"], "partitions", str(spec.partitions), str(partitions)))
    configs = await _configs(client, list(wanted))
    for name, spec in wanted.items():
        for setting, declared in declared_config(spec, replication_factor).items():
            found_value = configs[name].get(setting, "")
            if found_value != declared:
                differences.append(Difference(name, setting, declared, found_value))
    return differences


def _is_too_low(difference: Difference) -> bool:
    return difference.setting == _MAX_BYTES and int(difference.found or 0) < int(difference.declared)


async def _raise_limits(client: AIOKafkaAdminClient, differences: Sequence[Difference]) -> None:
    """Set each topic's limit as declared. The request replaces all settings of a topic, so the others are repeated."""
    if not differences:
        return
    own = await _configs(client, [one.topic for one in differences], only_own=True)
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, one.topic, {**own[one.topic], _MAX_BYTES: one.declared})
        for one in differences
    ]
    for response in await client.alter_configs(resources):
        for code, message, _kind, name in response.resources:
            if code:
                raise for_code(code)(f"cannot raise {_MAX_BYTES} of {name}: {message}")


async def _configs(
    client: AIOKafkaAdminClient, names: Sequence[str], *, only_own: bool = False
) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    configs: dict[str, dict[str, str]] = {}
    for response in await client.describe_configs(resources):
        for code, message, _kind, name, entries in _resources(response):
            if code:
                raise for_code(code)(f"cannot read the configuration of {name}: {message}")
            configs[name] = {entry[0]: entry[1] or "" for entry in entries if not only_own or entry[3] == _SET_ON_TOPIC}
    return configs


def _resources(response: Any) -> list[tuple[int, str, int, str, list[tuple[Any, ...]]]]:
    resources: list[tuple[int, str, int, str, list[tuple[Any, ...]]]] = response.resources
    return resources
