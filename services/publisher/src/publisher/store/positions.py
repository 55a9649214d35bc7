from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from pymongo import UpdateOne

from shopsync_runtime import Delivery
from shopsync_runtime.mongo import Database

log = structlog.get_logger(__name__)

GAP = "gap_at"
"""Member of a position: the broker's time of the first command behind others that this database does not know."""


class Positions:
    """`command_positions`: up to which offset the commands of each partition are in the inbox.

    A job is removed when its push is done, so it cannot tell a repeated command from a new one. When offsets were lost
    or reset, old commands would send what nobody has asked for since (RB-2, RB-7).
    """

    def __init__(self, database: Database) -> None:
        self._positions = database["command_positions"]
        self._judged: set[str] = set()

    async def ensure_indexes(self) -> None:
        """Create missing indexes. Every push looks for a gap, and nearly always there is none."""
        await self._positions.create_index(GAP, partialFilterExpression={GAP: {"$exists": True}})

    async def note_gaps(self, batch: Sequence[Delivery]) -> None:
        """Store that a partition's first messages since this process began do not follow the last known one.

        As after a restore that nobody told the publisher of (NV-8). Stored before anything is taken, so that every
        replica and every later process knows. A dead letter or a Kafka transaction leaves a gap as well; to ask TikTok
        without need does no harm.
        """
        first = {_id(one): one for one in reversed(batch) if _id(one) not in self._judged}
        if not first:
            return
        known = await self._known(first)
        gaps = {key: one for key, one in first.items() if key in known and one.offset > known[key]["offset"] + 1}
        for key, one in gaps.items():
            await self._positions.update_one({"_id": key}, {"$min": {GAP: one.timestamp}})
            log.warning(
                "push commands were taken that this database does not know, as after a restore (or a dead letter, or a"
                " Kafka transaction, came before): TikTok Shop is asked before anything is listed",
                position=key,
                offset=one.offset,
                known_offset=known[key]["offset"],
                see="docs/backup.md",
            )
        self._judged.update(first)

    async def not_taken(self, batch: Sequence[Delivery]) -> list[Delivery]:
        """Those of the batch that were not in the inbox before, in order.

        A topic that was deleted and created again has offsets from 0; by their later time stamps its messages are not
        taken for repeats.
        """
        known = await self._known({_id(one) for one in batch})
        return [one for one in batch if not _is_repeat(one, known.get(_id(one)))]

    async def _known(self, keys: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        return {one["_id"]: one async for one in self._positions.find({"_id": {"$in": sorted(keys)}})}

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
