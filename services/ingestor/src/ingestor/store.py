"""`imports`, `checkpoints` and `presence` in MongoDB, and read access to the catalog's `shops` and `products`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from ingestor.model import ImportRun
from ingestor.records.product_numbers import Listed
from ingestor.windows import Checkpoint
from shopsync_runtime.jobs import UNFINISHED, JobDocuments

Database = AsyncDatabase[dict[str, Any]]

_FINISHED = "finished"
_QUEUED = "queued"
_UNTIED: Mapping[str, Any] = {"answered_by": None}
_FIXED = frozenset(
    {
        "id",
        "shop_key",
        "mode",
        "then_sync",
        "request_id",
        "requested_at",
        "confirm_shrink_of",
        "traceparent",
        "answered_by",
    }
)


_LISTING_MARKS = ("import_id", "page")
_WINDOW_MARKS = ("window_id", "window_page")


class ImportStore:
    """The durable queue of imports. Writes of a running import are fenced by the lease's token."""

    def __init__(self, database: Database, *, keep: timedelta = timedelta(days=90)) -> None:
        self._imports = database["imports"]
        self._jobs = JobDocuments(self._imports, kind="import", queued=_QUEUED, keep=keep)
        self._shops = database["shops"]

    async def ensure_indexes(self) -> None:
        """Create indexes for the queue, for tied requests and for deleting old imports."""
        await self._jobs.ensure_indexes()
        await self._imports.create_index(
            "answered_by", partialFilterExpression={"answered_by": {"$type": "string"}}, name="answered_by"
        )

    async def add(self, run: ImportRun) -> bool:
        """Queue an import. Returns False when it is already known (a redelivered command)."""
        document = asdict(run)
        del document["id"]
        return await self._jobs.add(run.id, document)

    async def shops_with_work(self) -> list[str]:
        """Shops with an unfinished import, the longest waiting first."""
        cursor = await self._imports.aggregate(
            [
                {"$match": UNFINISHED},
                {"$group": {"_id": "$shop_key", "since": {"$min": "$requested_at"}}},
                {"$sort": {"since": 1, "_id": 1}},
            ]
        )
        return [document["_id"] async for document in cursor]

    async def next_for(self, shop_key: str) -> ImportRun | None:
        """The shop's running import, else its longest waiting one. Only for the holder of the shop's lease."""
        document = await self._jobs.next_for(shop_key, among=_UNTIED)
        if document is None:
            # The import that should answer these has ended: the replica tied them to it too late.
            orphans = {"shop_key": shop_key, "finished": False}
            await self._imports.update_many(orphans, {"$set": dict(_UNTIED)})
            document = await self._jobs.next_for(shop_key, among=_UNTIED)
        return None if document is None else ImportRun.from_document(document)

    async def get(self, import_id: str) -> ImportRun | None:
        """The import, unless it was deleted."""
        document = await self._imports.find_one({"_id": import_id})
        return None if document is None else ImportRun.from_document(document)

    async def newest_listing(self, shop_key: str) -> ImportRun | None:
        """The finished import that last read the shop's complete listing to its end."""
        document = await self._imports.find_one(
            {"shop_key": shop_key, "finished": True, "interval": None, "listed_at": {"$ne": None}},
            sort=[("listed_at", DESCENDING)],
        )
        return None if document is None else ImportRun.from_document(document)

    async def tie_equals(self, run: ImportRun) -> int:
        """Tie every equal waiting request to this import, which will answer them. Returns how many.

        Only requests from before its start, so that the import reads everything that they want to see.
        """
        if run.confirm_shrink_of is not None or run.started_at is None:
            return 0
        equal = {
            "shop_key": run.shop_key,
            "mode": run.mode,
            "finished": False,
            "state": _QUEUED,
            "answered_by": None,
            "confirm_shrink_of": None,
            "requested_at": {"$lte": run.started_at},
            "_id": {"$ne": run.id},
        }
        result = await self._imports.update_many(equal, {"$set": {"answered_by": run.id}})
        return result.modified_count

    async def tied(self, import_id: str, *, limit: int) -> list[ImportRun]:
        """Requests that are tied to the import and not answered yet."""
        cursor = self._imports.find({**_tied_to(import_id), "finished": False}).sort("_id", ASCENDING).limit(limit)
        return [ImportRun.from_document(document) async for document in cursor]

    async def any_tied_wants_sync(self, import_id: str) -> bool:
        """Whether one of the requests tied to the import, answered or not, asks for a sync."""
        return await self._imports.find_one({**_tied_to(import_id), "then_sync": True}, {"_id": 1}) is not None

    async def answered(self, run: ImportRun, tied: Sequence[ImportRun]) -> None:
        """Finish these requests, since their reports are published."""
        if run.ended_at is None:
            raise ValueError(f"import {run.id} has not ended")
        changes = {"state": _FINISHED, "finished": True, "started_at": run.started_at, "ended_at": run.ended_at}
        await self._imports.update_many(
            {"_id": {"$in": [each.id for each in tied]}},
            {"$set": {**changes, **self._jobs.expiry(run.ended_at)}},
        )

    async def save(self, run: ImportRun, token: int) -> None:
        """Store the run's state. Raises LeaseLost when a later holder of the lease has already written."""
        changes = {name: value for name, value in asdict(run).items() if name not in _FIXED}
        changes |= {"finished": run.state == _FINISHED}
        if run.state == _FINISHED and run.ended_at is not None:
            changes |= self._jobs.expiry(run.ended_at)
        await self._jobs.write(run.id, changes, token)

    async def has_settings(self, shop_key: str) -> bool:
        """Whether the catalog knows the shop's settings."""
        return await self._shops.find_one({"_id": shop_key}, {"_id": 1}) is not None

    async def with_settings(self, shop_keys: Sequence[str]) -> list[str]:
        """The shops whose settings the catalog knows."""
        cursor = self._shops.find({"_id": {"$in": list(shop_keys)}}, {"_id": 1}).sort("_id", ASCENDING)
        return [document["_id"] async for document in cursor]


class CheckpointStore:
    """Up to when each shop's changes are read. `_id` is the shop_key. Kept indefinitely; only moves forward."""

    def __init__(self, database: Database) -> None:
        self._checkpoints = database["checkpoints"]

    async def get(self, shop_key: str) -> Checkpoint | None:
        """The shop's checkpoint; None before its first complete import."""
        found = await self._checkpoints.find_one({"_id": shop_key})
        if found is None or found.get("read_fully_at") is None:
            return None
        return Checkpoint(found["taken_until"], found["read_fully_at"], found.get("next_switch_at"))

    async def advance(self, run: ImportRun) -> None:
        """Note that every change up to the import's start is read. A repeat or an older import changes nothing."""
        shop = {"_id": run.shop_key}
        await self._checkpoints.update_one(shop, {"$max": {"taken_until": run.started_at}}, upsert=True)
        if run.interval is None:
            newer = {**shop, "$or": [{"read_fully_at": None}, {"read_fully_at": {"$lte": run.started_at}}]}
            complete = {"read_fully_at": run.started_at, "next_switch_at": run.next_switch_at}
            await self._checkpoints.update_one(newer, {"$set": complete})
        elif run.next_switch_at is not None:
            sooner = {**shop, "$or": [{"next_switch_at": None}, {"next_switch_at": {"$gt": run.next_switch_at}}]}
            await self._checkpoints.update_one(sooner, {"$set": {"next_switch_at": run.next_switch_at}})


class PresenceStore:
    """The products of each shop: `_id` "{shop_key}/{product_no}", when last seen, since when absent.

    One writer per shop at a time (the import's lease).
    """

    def __init__(self, database: Database) -> None:
        self._presence = database["presence"]
        self._products = database["products"]

    async def note_seen(
        self, shop_key: str, listed: Sequence[Listed], *, import_id: str, page: int, at: datetime, window: bool = False
    ) -> int:
        """Mark products as present. Returns how many were already on an earlier page or this one, by upstream id.

        Reading the same page again after a crash does not count. With `window`, `import_id` is an update window, not a
        listing of the shop, so the product's last listing stays the same.
        """
        if not listed:
            return 0
        marks = _WINDOW_MARKS if window else _LISTING_MARKS
        ids = {_id(shop_key, each.product_no): each.upstream_id for each in listed}
        before = self._presence.find(
            {"_id": {"$in": list(ids)}, marks[0]: import_id, marks[1]: {"$ne": page}}, {"upstream_id": 1}
        )
        repeated = [found["_id"] async for found in before if found["upstream_id"] == ids[found["_id"]]]
        twice = len(listed) - len({(each.product_no, each.upstream_id) for each in listed})
        marked = {marks[0]: import_id, marks[1]: page, "seen_at": at, "absent_since": None}
        await self._presence.bulk_write([self._seen(shop_key, each, marked) for each in listed], ordered=True)
        return len(repeated) + twice

    async def present(self, shop_key: str) -> int:
        """Number of products that are present."""
        return await self._presence.count_documents({**_of(shop_key), "absent_since": None})

    async def missing(self, shop_key: str, import_id: str, *, seen_since: datetime | None = None) -> int:
        """Number of products that were present and that this import has not seen.

        `seen_since`: only those seen at that time or later, by any import. The last listing of a product does not tell
        this, since an import that failed halfway has marked its pages too.
        """
        query: dict[str, Any] = {**_of(shop_key), "absent_since": None, "import_id": {"$ne": import_id}}
        if seen_since is not None:
            query["seen_at"] = {"$gte": seen_since}
        return await self._presence.count_documents(query)

    async def unseen(self, shop_key: str, import_id: str, *, after: str, limit: int) -> list[str]:
        """Product numbers that this import has not seen, whether absent before or not, in order, above `after`."""
        cursor = self._presence.find(
            {**_of(shop_key, after), "import_id": {"$ne": import_id}}, {"product_no": 1}, sort=[("_id", ASCENDING)]
        ).limit(limit)
        return [document["product_no"] async for document in cursor]

    async def seen_since(self, shop_key: str, product_nos: Sequence[str], moment: datetime | None) -> set[str]:
        """The products that were seen at this time or later; None means ever."""
        ids = [_id(shop_key, number) for number in product_nos]
        seen = {"seen_at": {"$gte": moment}} if moment is not None else {}
        return {found["product_no"] async for found in self._presence.find({"_id": {"$in": ids}, **seen})}

    async def mark_absent(self, shop_key: str, product_nos: Sequence[str], *, at: datetime) -> None:
        """Mark products as proven absent. The time of the first proof stays."""
        await self._presence.update_many(
            {"_id": {"$in": [_id(shop_key, number) for number in product_nos]}, "absent_since": None},
            {"$set": {"absent_since": at}},
        )

    async def forget(self, shop_key: str, *, absent_before: datetime, after: str, limit: int) -> tuple[str | None, int]:
        """Delete products that were absent before a time and are gone from the catalog, among `limit` candidates.

        Returns (product number to continue after, number of deleted products); the former is None at the end. A product
        that the catalog still has is kept: its absence must be proven again when its 連携対象 is switched OFF (DL-6).
        """
        absent = {**_of(shop_key, after), "absent_since": {"$lt": absent_before}}
        cursor = self._presence.find(absent, {"product_no": 1}, sort=[("_id", ASCENDING)]).limit(limit)
        found = {document["_id"]: document["product_no"] async for document in cursor}
        if not found:
            return None, 0
        kept = {document["_id"] async for document in self._products.find({"_id": {"$in": list(found)}}, {"_id": 1})}
        gone = [id_ for id_ in found if id_ not in kept]
        result = await self._presence.delete_many({"_id": {"$in": gone}, "absent_since": {"$lt": absent_before}})
        return list(found.values())[-1], result.deleted_count

    @staticmethod
    def _seen(shop_key: str, each: Listed, marked: Mapping[str, Any]) -> UpdateOne:
        return UpdateOne(
            {"_id": _id(shop_key, each.product_no)},
            {
                "$set": {
                    "shop_key": shop_key,
                    "product_no": each.product_no,
                    "upstream_id": each.upstream_id,
                    **marked,
                }
            },
            upsert=True,
        )


def _tied_to(import_id: str) -> dict[str, Any]:
    # With its type, or MongoDB does not take the index, which holds texts only.
    return {"answered_by": {"$eq": import_id, "$type": "string"}}


def _id(shop_key: str, product_no: str) -> str:
    return f"{shop_key}/{product_no}"


def _of(shop_key: str, after: str = "") -> dict[str, Any]:
    # "0" follows "/" in ASCII, and shop keys contain no "/", so the range is exactly this shop's products.
    lower = {"$gt": _id(shop_key, after)} if after else {"$gte": f"{shop_key}/"}
    return {"_id": {**lower, "$lt": f"{shop_key}0"}}
