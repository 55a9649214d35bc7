"""`imports`, `checkpoints` and `presence` in MongoDB, and a look into the catalog's `shops` and `products`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from ingestor.model import ImportRun
from ingestor.records.identity import Listed
from ingestor.windows import Checkpoint
from shopsync_runtime.jobs import JobDocuments

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
        """Indexes for the queue, for tied requests and for forgetting old imports."""
        await self._jobs.ensure_indexes()
        await self._imports.create_index(
            "answered_by", partialFilterExpression={"answered_by": {"$type": "string"}}, name="answered_by"
        )

    async def add(self, run: ImportRun) -> bool:
        """Queue an import; False when it is known already (a redelivered command)."""
        document = asdict(run)
        del document["id"]
        return await self._jobs.add(run.id, document)

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
        """The shop's running import, else its longest waiting one. For the holder of the shop's lease."""
        document = await self._jobs.next_for(shop_key, among=_UNTIED)
        if document is None:
            # Whoever was to answer these has ended: the replica that tied them to it came too late.
            orphans = {"shop_key": shop_key, "finished": False}
            await self._imports.update_many(orphans, {"$set": dict(_UNTIED)})
            document = await self._jobs.next_for(shop_key, among=_UNTIED)
        return None if document is None else ImportRun.from_document(document)

    async def get(self, import_id: str) -> ImportRun | None:
        """The import, as long as it is kept."""
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
        """Let the import answer every request like it that waits. Returns how many.

        Only those from before its start: what they want to see has happened before its first page is read.
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
        """Requests the import answers and has not answered yet."""
        cursor = self._imports.find({"answered_by": import_id, "finished": False}).sort("_id", ASCENDING).limit(limit)
        return [ImportRun.from_document(document) async for document in cursor]

    async def any_tied_wants_sync(self, import_id: str) -> bool:
        """Whether one of the requests the import answers, told already or not, asks for a sync after it."""
        return await self._imports.find_one({"answered_by": import_id, "then_sync": True}, {"_id": 1}) is not None

    async def answered(self, run: ImportRun, tied: Sequence[ImportRun]) -> None:
        """The requests have their reports: they end with the import that answers them."""
        if run.ended_at is None:
            raise ValueError(f"import {run.id} has not ended")
        changes = {"state": _FINISHED, "finished": True, "started_at": run.started_at, "ended_at": run.ended_at}
        await self._imports.update_many(
            {"_id": {"$in": [each.id for each in tied]}},
            {"$set": {**changes, **self._jobs.expiry(run.ended_at)}},
        )

    async def save(self, run: ImportRun, token: int) -> None:
        """Keep the run's state. Raises LeaseLost when a later holder of the lease has written already."""
        changes = {name: value for name, value in asdict(run).items() if name not in _FIXED}
        changes |= {"finished": run.state == _FINISHED}
        if run.state == _FINISHED and run.ended_at is not None:
            changes |= self._jobs.expiry(run.ended_at)
        await self._jobs.write(run.id, changes, token)

    async def has_settings(self, shop_key: str) -> bool:
        """Whether the catalog knows the shop's settings."""
        return await self._shops.find_one({"_id": shop_key}, {"_id": 1}) is not None

    async def with_settings(self, shop_keys: Sequence[str]) -> list[str]:
        """Those of the shops whose settings the catalog knows."""
        cursor = self._shops.find({"_id": {"$in": list(shop_keys)}}, {"_id": 1}).sort("_id", ASCENDING)
        return [document["_id"] async for document in cursor]


class CheckpointStore:
    """How far the changes of each shop are taken: `_id` shop_key. Kept indefinitely; it only moves forward."""

    def __init__(self, database: Database) -> None:
        self._checkpoints = database["checkpoints"]

    async def get(self, shop_key: str) -> Checkpoint | None:
        """The shop's checkpoint; None before its first complete import."""
        found = await self._checkpoints.find_one({"_id": shop_key})
        if found is None or found.get("read_fully_at") is None:
            return None
        return Checkpoint(found["taken_until"], found["read_fully_at"], found.get("next_switch_at"))

    async def advance(self, run: ImportRun) -> None:
        """Every change up to the import's start is taken. Repeating it, or an import of before, moves nothing back."""
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
    """Which products the shop has: `_id` "{shop_key}/{product_no}", when last seen, absent since when.

    One writer per shop at a time (the import's lease).
    """

    def __init__(self, database: Database) -> None:
        self._presence = database["presence"]
        self._products = database["products"]

    async def note_seen(
        self, shop_key: str, listed: Sequence[Listed], *, import_id: str, page: int, at: datetime, window: bool = False
    ) -> int:
        """Mark products as present. Returns how many an earlier page (or this one) had under the same upstream id.

        The same page again, after a crash, is no repetition. `window`: `import_id` names an update window, which is
        no listing of the shop; which listing held the product last is then left as it was.
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
        await self._presence.bulk_write(
            [self._seen(shop_key, each, dict(zip(marks, (import_id, page), strict=True)), at) for each in listed],
            ordered=True,
        )
        return len(repeated) + twice

    async def present(self, shop_key: str) -> int:
        """How many products are held to be present."""
        return await self._presence.count_documents({**_of(shop_key), "absent_since": None})

    async def missing(self, shop_key: str, import_id: str, *, seen_since: datetime | None = None) -> int:
        """How many products were present and are not among those this import has seen.

        `seen_since`: only those that were seen by then or later, by whatever import. Who listed a product last does
        not tell it: an import that failed on its way has marked its pages too.
        """
        query: dict[str, Any] = {**_of(shop_key), "absent_since": None, "import_id": {"$ne": import_id}}
        if seen_since is not None:
            query["seen_at"] = {"$gte": seen_since}
        return await self._presence.count_documents(query)

    async def unseen(self, shop_key: str, import_id: str, *, after: str, limit: int) -> list[str]:
        """Product numbers that this import has not seen, absent already or not, in order, above `after`."""
        cursor = self._presence.find(
            {**_of(shop_key, after), "import_id": {"$ne": import_id}}, {"product_no": 1}, sort=[("_id", ASCENDING)]
        ).limit(limit)
        return [document["product_no"] async for document in cursor]

    async def seen_since(self, shop_key: str, product_nos: Sequence[str], moment: datetime | None) -> set[str]:
        """Those of the products that were seen at the moment or later; None: ever."""
        ids = [_id(shop_key, number) for number in product_nos]
        seen = {"seen_at": {"$gte": moment}} if moment is not None else {}
        return {found["product_no"] async for found in self._presence.find({"_id": {"$in": ids}, **seen})}

    async def mark_absent(self, shop_key: str, product_nos: Sequence[str], *, at: datetime) -> None:
        """Their absence is proven; the time of the first proof stays."""
        await self._presence.update_many(
            {"_id": {"$in": [_id(shop_key, number) for number in product_nos]}, "absent_since": None},
            {"$set": {"absent_since": at}},
        )

    async def forget(self, shop_key: str, *, absent_before: datetime, after: str, limit: int) -> tuple[str | None, int]:
        """Drop products that are absent since before a moment and gone from the catalog, from `limit` candidates.

        Returns (product number to go on after, how many were dropped); the number is None at the end. A product that
        the catalog still has stays: its absence has to be proven again when its 連携対象 is turned OFF (DL-6).
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
    def _seen(shop_key: str, each: Listed, marks: Mapping[str, str | int], at: datetime) -> UpdateOne:
        return UpdateOne(
            {"_id": _id(shop_key, each.product_no)},
            {
                "$set": {
                    "shop_key": shop_key,
                    "product_no": each.product_no,
                    "upstream_id": each.upstream_id,
                    **marks,
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
