"""`done_requests`: the last sync and the last bulk edit of each shop that were carried out.

Products store the offsets of the messages applied to them, but a request leaves no trace on a product. If the group's
offsets are lost or reset and an old sync is read again, it must not send products that nobody asked to send now.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from catalog.store.documents import Document
from shopsync_runtime import Delivery


class DoneRequests:
    """One document per shop and source partition, with the last request that was carried out."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._done = database["done_requests"]

    async def is_done(self, delivery: Delivery) -> bool:
        """Whether this request, or a later one of its shop and partition, has been carried out.

        A topic that was created again starts at offset 0. The later timestamps tell its messages from repeats.
        """
        known = await self._done.find_one({"_id": _id(delivery)}, {"offset": 1, "timestamp": 1})
        return known is not None and delivery.offset <= known["offset"] and delivery.timestamp <= known["timestamp"]

    async def mark_done(self, deliveries: Iterable[Delivery]) -> None:
        """Mark these as carried out. All their messages are acknowledged, and earlier requests are done or held."""
        writes = [UpdateOne({"_id": _id(one)}, _advance(one), upsert=True) for one in deliveries]
        if writes:
            await self._done.bulk_write(writes)


def _id(delivery: Delivery) -> str:
    return f"{delivery.topic}/{delivery.partition}/{delivery.event.data.shop_key}"


def _advance(delivery: Delivery) -> list[Mapping[str, Any]]:
    """Only moves forward, since a held request is carried out after later ones."""
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
