"""What a reader of the compacted topic knows in the end, against MongoDB."""

from collections.abc import Iterator
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shopsync_contracts import parse
from shopsync_contracts.events import ProductSnapshot
from shopsync_contracts.topics import CATALOG_PRODUCTS
from shopsync_rehearsals.month.compare import Difference
from shopsync_rehearsals.month.idle import Quiet
from shopsync_rehearsals.month.world import SHOP, World


async def snapshot_differences(world: World, quiet: Quiet) -> list[Difference]:
    """The newest message per product: a snapshot equal to the stored product, or a tombstone where there is none."""
    topic = CATALOG_PRODUCTS.full_name(world.prefix)
    newest = await _newest(world, await quiet.partitions(topic))
    stored = {document["_id"]: document async for document in world.database["products"].find({"shop_key": SHOP})}
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
    told, kept = parse(message, topic=CATALOG_PRODUCTS).data, ProductSnapshot.from_document(document)
    if told != kept:
        yield Difference(number, "newest snapshot", kept, told)


async def _newest(world: World, partitions: list[TopicPartition]) -> dict[str, bytes | None]:
    consumer = AIOKafkaConsumer(bootstrap_servers=world.bootstrap_servers, isolation_level="read_committed")
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
