from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pymongo import UpdateOne

from shopsync_runtime import Delivery
from shopsync_runtime.mongo import Database


class Positions:
    """`command_positions`: up to which offset the commands of each partition are in the inbox.

    A job is removed when its push is done, so it cannot tell a repeated command from a new one. When offsets were lost
    or reset, old commands would send what nobody has asked for since (RB-2, RB-7).
    """

    def __init__(self, database: Database, *, on_gap: Callable[[], None] = lambda: None) -> None:
        """`on_gap`: the database does not know what came right before the first commands of a partition."""
        self._positions = database["command_positions"]
        self._on_gap = on_gap
        self._judged: set[str] = set()

    async def not_taken(self, batch: Sequence[Delivery]) -> list[Delivery]:
        """Those of the batch that were not in the inbox before, in order.

        A topic that was deleted and created again has offsets from 0; by their later time stamps its messages are not
        taken for repeats.
        """
        ids = sorted({_id(one) for one in batch})
        known = {one["_id"]: one async for one in self._positions.find({"_id": {"$in": ids}})}
        self._judge(batch, known)
        return [one for one in batch if not _is_repeat(one, known.get(_id(one)))]

    def _judge(self, batch: Sequence[Delivery], known: Mapping[str, Mapping[str, Any]]) -> None:
        """Once for each partition, before its first commands are taken: was anything taken that is not known?"""
        for one in batch:
            if (key := _id(one)) not in self._judged:
                self._judged.add(key)
                if key in known and one.offset > known[key]["offset"] + 1:
                    self._on_gap()

    async def taken(self, batch: Iterable[Delivery]) -> None:
        """These commands are in the inbox, and all before them in their partitions."""
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
    """Moves forward only: a replica that is behind does not set it back."""
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
