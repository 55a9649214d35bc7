"""Compares what the compacted topic finally holds with MongoDB."""

from collections.abc import Iterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shopsync_contracts import parse
from shopsync_contracts.events import ProductSnapshot
from shopsync_contracts.topics import CATALOG_PRODUCTS
from shopsync_rehearsals.month.compare import Difference
from shopsync_rehearsals.month.idle import IdleWatch
from shopsync_rehearsals.month.world import SHOP, World


async def snapshot_differences(world: World, idle: IdleWatch) -> list[Difference]:
    """The newest message per product must equal the stored product, or be a tombstone where none is stored."""
    topic = CATALOG_PRODUCTS.full_name(world.prefix)
    newest = await newest_values(world.bootstrap_servers, await idle.partitions(topic))
    stored = {document["_id"]: document async for document in world.database["products"].find({"shop_key": SHOP})}
    return compared(newest, stored)


def compared(newest: Mapping[str, bytes | None], stored: Mapping[str, dict[str, Any]]) -> list[Difference]:
    """The newest message per product beside the stored documents, both by subject."""
    return [
        difference
        for subject in sorted(newest.keys() | stored.keys())
        for difference in _compared(subject, newest.get(subject), stored.get(subject))
    ]


def _compared(subject: str, message: bytes | None, document: dict[str, Any] | None) -> Iterator[Difference]:
    number = subject.partition("/")[2]
    if message is None or document is None:
        if (message is None) is not (document is None):
            yield Difference(number, "newest snapshot", "a tombstone" if document is None else "one", message)
        return
    published, stored = parse(message, topic=CATALOG_PRODUCTS).data, ProductSnapshot.from_document(document)
    if published != stored:
        yield Difference(number, "newest snapshot", stored, published)


async def newest_values(bootstrap_servers: str, partitions: list[TopicPartition]) -> dict[str, bytes | None]:
    """The value of the last message of each key."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, isolation_level="read_committed")
    await consumer.start()
    try:
        ends = await consumer.end_offsets(partitions)
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        newest: dict[str, bytes | None] = {}
        while any([await consumer.position(each) < ends[each] for each in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                newest |= {record.key.decode(): record.value for record in records}
    finally:
        await consumer.stop()
    return newest
