"""Committed offsets and members of consumer groups."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, for_code

T = TypeVar("T")
_TRIES = 10
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Members:
    """A group as its coordinator knows it. `state`: Kafka's name for it; `holders`: who reads which partition.

    `clients`: what each member calls itself.
    """

    state: str
    count: int
    holders: dict[TopicPartition, str]
    clients: tuple[str, ...] = ()


async def committed(
    admin: AIOKafkaAdminClient, group: str, partitions: Collection[TopicPartition] | None = None
) -> dict[TopicPartition, int]:
    """Committed offsets of a group; partitions without one are left out. None: all partitions it ever committed.

    Retries while the coordinator is being elected or loads its offsets. Raises KafkaError;
    GroupAuthorizationFailedError with the group's name.
    """
    wanted = None if partitions is None else list(partitions)
    found = await _patiently(group, lambda: admin.list_consumer_group_offsets(group, partitions=wanted))
    return {part: one.offset for part, one in found.items() if one.offset >= 0}


async def members(admin: AIOKafkaAdminClient, group: str) -> Members:
    """Who is in the group. A group that Kafka does not know is `Dead` and has no members. Raises KafkaError."""
    # One group per request: aiokafka 0.14 misreads a response about several.
    [answer] = await _patiently(group, lambda: admin.describe_consumer_groups([group]))
    [(code, _, state, _, _, entries)] = answer.groups
    if code:
        raise for_code(code)(group)
    holders: dict[TopicPartition, str] = {}
    for _, client_id, host, _, assignment in entries:
        if assignment:
            for part in ConsumerProtocolMemberAssignment.decode(assignment).partitions():
                holders[part] = f"{client_id}{host}"
    return Members(state, len(entries), holders, tuple(str(client_id) for _, client_id, *_ in entries))


async def _patiently(group: str, ask: Callable[[], Awaitable[T]]) -> T:
    for _ in range(_TRIES - 1):
        try:
            return await ask()
        except GroupAuthorizationFailedError:
            raise GroupAuthorizationFailedError(group) from None
        except KafkaError as error:
            if not error.retriable:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)
    return await ask()
