from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import UpdateOne

from shopsync_runtime import Delivery
from shopsync_runtime.mongo import Database


class Positions:
    """`command_positions`: how far the commands of each source partition are in the inbox.

    A job is gone once its push is done, so it cannot tell a command that is read again from a new one. After offsets
    were lost or reset, old commands would send what nobody has asked to send since (RB-2, RB-7).
    """

    def __init__(self, database: Database) -> None:
        self._positions = database["command_positions"]

    async def not_taken(self, batch: Sequence[Delivery]) -> list[Delivery]:
        """Those of the batch that were not in the inbox before, in their order.

        A topic that was deleted and created counts offsets from 0 again; its younger stamps tell its messages from
        repeats.
        """
        ids = sorted({_id(one) for one in batch})
        known = {one["_id"]: one async for one in self._positions.find({"_id": {"$in": ids}})}
        return [one for one in batch if not _is_repeat(one, known.get(_id(one)))]

    async def taken(self, batch: Iterable[Delivery]) -> None:
        """These are in the inbox, and all that their partitions hold before them."""
        last = {_id(one): one for one in sorted(batch, key=lambda one: one.offset)}
        if last:
            await self._positions.bulk_write(
                [UpdateOne({"_id": key}, _advance(one), upsert=True) for key, one in last.items()]
            )


def _id(delivery: Delivery) -> str:
    return f"{delivery.topic}/{delivery.partition}"


def _is_repeat(delivery: Delivery, known: Mapping[str, Any] | None) -> bool:
    return known is not None and delivery.offset <= known["offset"] and delivery.timestamp <= known["timestamp"]


def _advance(delivery: Delivery) -> list[Mapping[str, Any]]:
    """Forward only: a replica that was overtaken does not set it back."""
    offset, stamp = {"$ifNull": ["$offset", -1]}, {"$ifNull": ["$timestamp", delivery.timestamp]}
    further = {"$or": [{"$gt": [delivery.timestamp, stamp]}, {"$gt": [delivery.offset, offset]}]}
    behind = {"$lt": [delivery.timestamp, stamp]}
    return [
        {
            "$set": {
                "offset": {"$cond": [{"$and": [further, {"$not": behind}]}, delivery.offset, offset]},
                "timestamp": {"$max": [stamp, delivery.timestamp]},
            }
        }
    ]
