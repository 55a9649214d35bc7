from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from publisher.pace.adaptive_rate import LearnedRate
from publisher.pace.breaker import Breaker
from publisher.pace.slots import LATE_ALONE, SHARED_FOR
from publisher.pace.state import PaceState, ReservationReply
from shopsync_runtime.call_lines import lines_in, milliseconds, next_free, reserve
from shopsync_runtime.mongo import Database, Document

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRIES = 50
"""Lost races after which a change is given up: many more than a shop's replicas can cause."""


class Paces:
    """`paces`: the state of each shop's rate limiter, one document per shop for all replicas.

    All times are the database server's, so that the replicas' clocks do not matter. Writes are acknowledged by the
    primary alone: a failover may lose the last half second of reservations, which exceeds the rate for a moment.
    """

    def __init__(self, database: Database) -> None:
        self._paces = lines_in(database, "paces")

    async def reserve(
        self, shop_key: str, me: str, *, length: timedelta, lead: timedelta, rate: float | None = None
    ) -> ReservationReply:
        """Reserve the next `length` of the shop's send times; nothing is reserved while its calls are stopped.

        `rate`: calls per second in use, stored for operators.
        """
        pipeline = reserving(me, length=length, lead=lead)
        if rate is not None:
            pipeline[0]["$set"]["rate"] = {"$literal": round(rate, 3)}
        document = await reserve(self._paces, shop_key, pipeline)
        return ReservationReply(
            document.get("start"), document["asked_at"], document.get("shared_at"), _state(document)
        )

    async def change(
        self, shop_key: str, change: Callable[[PaceState, datetime], PaceState]
    ) -> tuple[PaceState, datetime]:
        """Apply a pure change to the stored state, again when another replica was quicker.

        Returns the state after it and the server's time.
        """
        for _ in range(_TRIES):
            document = await self._read(shop_key)
            before, now = _state(document), document["asked_at"]
            after = change(before, now)
            if after == before:
                return before, now
            result = await self._paces.update_one(
                {"_id": shop_key, "revision": document.get("revision")},
                {"$set": _fields(after), "$inc": {"revision": 1}, "$unset": {"probe_until": ""}},
            )
            if result.matched_count == 1:
                return after, now
        raise RuntimeError(f"the pace of shop {shop_key!r} changes faster than it can be written")

    async def _read(self, shop_key: str) -> Document:
        asked = [{"$match": {"_id": shop_key}}, {"$set": {"asked_at": "$$NOW"}}]
        while True:
            found = await (await self._paces.aggregate(asked)).to_list()
            if found:
                return found[0]
            await self._paces.update_one({"_id": shop_key}, {"$setOnInsert": {"revision": 0}}, upsert=True)

    async def claim_probe(self, shop_key: str, lease: timedelta) -> bool:
        """Whether this call may try the shop of an open breaker; no other may for `lease`."""
        may = {
            "$and": [
                {"$lte": ["$open_until", "$$NOW"]},
                {"$lte": [{"$ifNull": ["$probe_until", _EPOCH]}, "$$NOW"]},
            ]
        }
        result = await self._paces.update_one(
            {"_id": shop_key, "open_until": {"$ne": None}, "$expr": may},
            [{"$set": {"probe_until": {"$add": ["$$NOW", milliseconds(lease)]}}}],
        )
        return result.matched_count == 1


def reserving(me: str, *, length: timedelta, lead: timedelta) -> list[Document]:
    """`take_stretch` of pace/slots.py as one atomic update; a test compares the two."""
    recent: Any = {"$subtract": ["$$NOW", 1000 + milliseconds(LATE_ALONE)]}
    shared: Any = {"$gt": ["$shared_at", {"$subtract": ["$$NOW", milliseconds(SHARED_FOR)]}]}
    holder: Any = {"$ifNull": ["$holder", {"$literal": me}]}
    other: Any = {"$and": [{"$ne": [holder, {"$literal": me}]}, {"$gt": ["$next_at", recent]}]}
    gap: Any = {"$cond": [{"$and": [other, {"$not": [shared]}]}, milliseconds(LATE_ALONE), 0]}
    # A missing value and null are smaller than any date.
    stopped: Any = {"$or": [{"$gt": ["$paused_until", "$$NOW"]}, {"$gt": ["$open_until", None]}]}
    start = next_free(lead=lead, gap=gap)
    end: Any = {"$add": ["$start", milliseconds(length)]}
    return [
        {
            "$set": {
                "asked_at": "$$NOW",
                "start": {"$cond": [stopped, None, start]},
                "shared_at": {"$cond": [other, "$$NOW", "$shared_at"]},
            }
        },
        {
            "$set": {
                "next_at": {"$cond": [{"$eq": ["$start", None]}, "$next_at", end]},
                "holder": {"$cond": [{"$eq": ["$start", None]}, "$holder", {"$literal": me}]},
            }
        },
    ]


def _state(document: Document) -> PaceState:
    learned = document.get("learned")
    breaker = document.get("breaker") or {}
    return PaceState(
        document.get("paused_until"),
        None if learned is None else LearnedRate(**learned),
        Breaker(breaker.get("failures", 0), breaker.get("opened", 0), document.get("open_until")),
    )


def _fields(state: PaceState) -> Document:
    learned, breaker = state.learned, state.breaker
    return {
        "paused_until": state.paused_until,
        "learned": None if learned is None else asdict(learned),
        "breaker": {"failures": breaker.failures, "opened": breaker.opened},
        "open_until": breaker.open_until,
    }
