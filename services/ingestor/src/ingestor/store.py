"""`imports` and `presence` in MongoDB, and a look into the catalog's `shops`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from ingestor.identity import Listed
from ingestor.imports import ImportRun
from shopsync_runtime import LeaseLost

Database = AsyncDatabase[dict[str, Any]]

_FINISHED = "finished"
_FIXED = frozenset({"id", "shop_key", "mode", "then_sync", "request_id", "requested_at", "traceparent"})


class ImportStore:
    """The durable queue of imports. Writes of a running import are fenced by the lease's token."""

    def __init__(self, database: Database, *, keep: timedelta = timedelta(days=90)) -> None:
        self._imports = database["imports"]
        self._shops = database["shops"]
        self._keep = keep

    async def ensure_indexes(self) -> None:
        """Indexes for the queue and for forgetting old imports."""
        await self._imports.create_index([("shop_key", ASCENDING), ("requested_at", ASCENDING)])
        await self._imports.create_index(
            [("requested_at", ASCENDING)],
            name="unfinished",
            partialFilterExpression={"finished": False},
        )
        await self._imports.create_index("expires_at", expireAfterSeconds=0)

    async def add(self, run: ImportRun) -> bool:
        """Queue an import; False when it is known already (a redelivered command)."""
        document = asdict(run)
        del document["id"]
        result = await self._imports.update_one(
            {"_id": run.id}, {"$setOnInsert": {**document, "finished": False, "token": 0}}, upsert=True
        )
        return result.upserted_id is not None

    async def shops_with_work(self) -> list[str]:
        """Shops with an unfinished import, the longest waiting first."""
        cursor = await self._imports.aggregate(
            [
                {"$match": {"finished": False}},
                {"$group": {"_id": "$shop_key", "since": {"$min": "$requested_at"}}},
                {"$sort": {"since": 1, "_id": 1}},
            ]
        )
        return [document["_id"] async for document in cursor]

    async def next_for(self, shop_key: str) -> ImportRun | None:
        """The shop's oldest unfinished import: the one in hand before those that wait."""
        document = await self._imports.find_one(
            {"shop_key": shop_key, "finished": False}, sort=[("requested_at", ASCENDING), ("_id", ASCENDING)]
        )
        return None if document is None else ImportRun.from_document(document)

    async def save(self, run: ImportRun, token: int) -> None:
        """Keep the run's state. Raises LeaseLost when a later holder of the lease has written already."""
        changes = {name: value for name, value in asdict(run).items() if name not in _FIXED}
        changes |= {"token": token, "finished": run.state == _FINISHED}
        if run.state == _FINISHED and run.ended_at is not None:
            changes["expires_at"] = run.ended_at + self._keep
        result = await self._imports.update_one({"_id": run.id, "token": {"$lte": token}}, {"$set": changes})
        if result.matched_count == 0:
            raise LeaseLost(f"import {run.id} is in the hands of another replica")

    async def has_settings(self, shop_key: str) -> bool:
        """Whether the catalog knows the shop's settings."""
        return await self._shops.find_one({"_id": shop_key}, {"_id": 1}) is not None


class PresenceStore:
    """Which products the shop has: `_id` "{shop_key}/{product_no}", when last seen, absent since when.

    One writer per shop at a time (the import's lease).
    """

    def __init__(self, database: Database) -> None:
        self._presence = database["presence"]

    async def note_seen(
        self, shop_key: str, listed: Sequence[Listed], *, import_id: str, page: int, at: datetime
    ) -> int:
        """Mark products as present. Returns how many an earlier page (or this one) had under the same upstream id.

        The same page again, after a crash, is no repetition.
        """
        if not listed:
            return 0
        ids = {_id(shop_key, each.product_no): each.upstream_id for each in listed}
        before = self._presence.find(
            {"_id": {"$in": list(ids)}, "import_id": import_id, "page": {"$ne": page}}, {"upstream_id": 1}
        )
        repeated = [found["_id"] async for found in before if found["upstream_id"] == ids[found["_id"]]]
        twice = len(listed) - len({(each.product_no, each.upstream_id) for each in listed})
        await self._presence.bulk_write(
            [self._seen(shop_key, each, import_id, page, at) for each in listed], ordered=True
        )
        return len(repeated) + twice

    async def present(self, shop_key: str) -> int:
        """How many products are held to be present."""
        return await self._presence.count_documents({**_of(shop_key), "absent_since": None})

    async def missing(self, shop_key: str, import_id: str) -> int:
        """How many products were present and are not among those this import has seen."""
        query = {**_of(shop_key), "absent_since": None, "import_id": {"$ne": import_id}}
        return await self._presence.count_documents(query)

    async def unseen(self, shop_key: str, import_id: str, *, after: str, limit: int) -> list[str]:
        """Product numbers that this import has not seen, absent already or not, in order, above `after`."""
        cursor = self._presence.find(
            {**_of(shop_key, after), "import_id": {"$ne": import_id}}, {"product_no": 1}, sort=[("_id", ASCENDING)]
        ).limit(limit)
        return [document["product_no"] async for document in cursor]

    async def mark_absent(self, shop_key: str, product_nos: Sequence[str], *, at: datetime) -> None:
        """Their absence is proven; the time of the first proof stays."""
        await self._presence.update_many(
            {"_id": {"$in": [_id(shop_key, number) for number in product_nos]}, "absent_since": None},
            {"$set": {"absent_since": at}},
        )

    @staticmethod
    def _seen(shop_key: str, each: Listed, import_id: str, page: int, at: datetime) -> UpdateOne:
        return UpdateOne(
            {"_id": _id(shop_key, each.product_no)},
            {
                "$set": {
                    "shop_key": shop_key,
                    "product_no": each.product_no,
                    "upstream_id": each.upstream_id,
                    "import_id": import_id,
                    "page": page,
                    "seen_at": at,
                    "absent_since": None,
                }
            },
            upsert=True,
        )


def _id(shop_key: str, product_no: str) -> str:
    return f"{shop_key}/{product_no}"


def _of(shop_key: str, after: str = "") -> dict[str, Any]:
    # "0" follows "/" in ASCII, and shop keys hold no "/": the range holds this shop's products and nothing else.
    lower = {"$gt": _id(shop_key, after)} if after else {"$gte": f"{shop_key}/"}
    return {"_id": {**lower, "$lt": f"{shop_key}0"}}
