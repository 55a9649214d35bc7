"""Asks a cluster with access control what we may do there, so that a missing right is told instead of run into.

Without access control everything is allowed. A broker that does not tell (before Kafka 2.3, or not Apache's) is
believed to allow what it does not refuse.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, IncompatibleBrokerVersion, for_code
from aiokafka.protocol.admin import DescribeGroupsRequest_v3, DescribeGroupsResponse_v3
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

from shopsync_contracts.access import Acl
from shopsync_runtime.gathering import all_ended

_NUMBERS = {"Read": 3, "Write": 4, "Describe": 8, "DescribeConfigs": 10}  # Kafka's
_UNKNOWN_TOPIC = 3
_TOPIC_REFUSED = 29
_GROUP_REFUSED = 30


@dataclass(frozen=True, slots=True)
class Findings:
    """Topics that are not there, and rights that we lack. Both in the order in which they were asked for."""

    missing: list[str]
    lacking: list[Acl]


async def inspect(client: AIOKafkaAdminClient, wanted: Sequence[Acl]) -> Findings:
    """Look for the topics of these rights, and for the rights. Creates no topic, even with auto-create on.

    Names are literal. A topic that we may not see at all counts as there. Raises KafkaError, such as while a group's
    coordinator is being elected.
    """
    topics = list(dict.fromkeys(one.name for one in wanted if one.resource == "topic"))
    groups = list(dict.fromkeys(one.name for one in wanted if one.resource == "group"))
    unknown: set[str] = set()
    allowed: dict[tuple[str, str], int | None] = {}
    for code, name, operations in await _topics(client, topics):
        if code == _UNKNOWN_TOPIC:
            unknown.add(name)
        allowed["topic", name] = 0 if code == _TOPIC_REFUSED else _told(operations)
    # None may be under way when the caller closes the client.
    answers = await all_ended(*(_group(client, name) for name in groups))
    allowed |= {("group", name): answer for name, answer in zip(groups, answers, strict=True)}
    lacking = [one for one in wanted if one.name not in unknown and not _is_allowed(one, allowed)]
    return Findings([name for name in topics if name in unknown], lacking)


def _is_allowed(one: Acl, allowed: dict[tuple[str, str], int | None]) -> bool:
    operations = allowed.get((one.resource, one.name))
    return operations is None or bool(operations >> _NUMBERS[one.operation] & 1)


def _told(operations: int) -> int | None:
    """None where the broker does not tell: who may see it at all may describe it."""
    return operations if operations >> _NUMBERS["Describe"] & 1 else None


async def _topics(client: AIOKafkaAdminClient, names: Iterable[str]) -> list[tuple[int, str, int]]:
    wanted = list(names)
    if not wanted:
        return []
    try:
        answer = await client._send_request(_Metadata(wanted))  # noqa: SLF001 - aiokafka's own does not ask for rights
    except (IncompatibleBrokerVersion, NotImplementedError):
        there = set(await client.list_topics())
        return [(0 if name in there else _UNKNOWN_TOPIC, name, 0) for name in wanted]
    return [(code, name, operations) for code, name, _internal, _partitions, operations in answer.topics]


async def _group(client: AIOKafkaAdminClient, name: str) -> int | None:
    try:
        coordinator = await client.find_coordinator(name)
        answer = await client._send_request(_DescribeGroups(name), coordinator)  # noqa: SLF001 - as above
    except GroupAuthorizationFailedError:
        return 0
    except (IncompatibleBrokerVersion, NotImplementedError):
        return None
    [(code, *_, operations)] = answer.groups
    if code == _GROUP_REFUSED:
        return 0
    if code:
        raise for_code(code)(f"cannot describe the group {name}")
    return _told(operations)


class _MetadataResponse(Response):  # type: ignore[misc] # aiokafka is untyped
    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            Array(("node_id", Int32), ("host", String("utf-8")), ("port", Int32), ("rack", String("utf-8"))),
        ),
        ("cluster_id", String("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", String("utf-8")),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
        ("cluster_authorized_operations", Int32),
    )


class _MetadataStruct(RequestStruct):  # type: ignore[misc] # aiokafka is untyped
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", Array(String("utf-8"))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
    )


class _Metadata(Request[_MetadataStruct]):  # type: ignore[misc] # aiokafka is untyped
    """With the rights on each topic, which aiokafka's own request, of version 5, does not ask for."""

    API_KEY = 3

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataStruct]) -> _MetadataStruct:
        """The request of the only version here."""
        return request_struct_class(self._topics, False, False, True)


class _DescribeGroupsStruct(DescribeGroupsRequest_v3):  # type: ignore[misc] # aiokafka is untyped
    """aiokafka 0.14 takes the answer for one of version 2, and loses the rights."""

    RESPONSE_TYPE = DescribeGroupsResponse_v3


class _DescribeGroups(Request[_DescribeGroupsStruct]):  # type: ignore[misc] # aiokafka is untyped
    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[_DescribeGroupsStruct]) -> _DescribeGroupsStruct:
        """The request of the only version here."""
        return request_struct_class([self._group], True)
