"""`done_requests`: how far each shop's syncs and bulk edits are carried out.

Products remember the messages they have taken; a request leaves nothing on a product that could tell it from a new one.
Read again after its group's offsets were lost or reset, an old sync would send what nobody asked to send now.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from catalog.store.documents import Document
from shopsync_runtime import Delivery


class DoneRequests:
    """One document per shop and source partition: the last request that was carried out."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._done = database["done_requests"]

    async def is_done(self, delivery: Delivery) -> bool:
        """Whether this request, or a later one of its shop and partition, has been carried out.

        A topic that was made again counts offsets from 0; its younger stamps tell its messages from repeats.
        """
        known = await self._done.find_one({"_id": _id(delivery)}, {"offset": 1, "timestamp": 1})
        return known is not None and delivery.offset <= known["offset"] and delivery.timestamp <= known["timestamp"]

    async def done(self, deliveries: Iterable[Delivery]) -> None:
        """Everything that follows from these is acknowledged, and what came before them is done or held."""
        writes = [UpdateOne({"_id": _id(one)}, _advance(one), upsert=True) for one in deliveries]
        if writes:
            await self._done.bulk_write(writes)


def _id(delivery: Delivery) -> str:
    return f"{delivery.topic}/{delivery.partition}/{delivery.event.data.shop_key}"


def _advance(delivery: Delivery) -> list[Mapping[str, Any]]:
    """Forward only: a held request is carried out after later ones."""
    known, stamp = {"$ifNull": ["$offset", -1]}, {"$ifNull": ["$timestamp", delivery.timestamp]}
    newer = {"$or": [{"$gt": [delivery.timestamp, stamp]}, {"$gt": [delivery.offset, known]}]}
    older = {"$lt": [delivery.timestamp, stamp]}
    return [
        {
            "$set": {
                "shop_key": delivery.event.data.shop_key,
                "topic": delivery.topic,
                "partition": delivery.partition,
                "offset": {"$cond": [{"$and": [newer, {"$not": older}]}, delivery.offset, known]},
                "timestamp": {"$max": [stamp, delivery.timestamp]},
            }
        }
    ]
