"""How far the consumer groups of the services have come."""

import asyncio
from collections.abc import Collection

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

_TRIES = 10
_PAUSE_SECONDS = 0.5


async def committed(
    admin: AIOKafkaAdminClient, group: str, partitions: Collection[TopicPartition] | None = None
) -> dict[TopicPartition, int]:
    """Committed offsets of a group; partitions without one are left out. None asks for all that it ever committed.

    A coordinator that is being elected, or loads its offsets, is asked again. Raises KafkaError.
    """
    for tried in range(1, _TRIES + 1):
        try:
            wanted = None if partitions is None else list(partitions)
            found = await admin.list_consumer_group_offsets(group, partitions=wanted)
        except KafkaError as error:
            if not error.retriable or tried == _TRIES:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return {part: one.offset for part, one in found.items() if one.offset >= 0}
    raise AssertionError("unreachable")
