"""`sweeps` in MongoDB, and a look into the catalog's `products`, `tombstones` and `shops`."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase

from janitor.sweep import Found, Removed, Sweep
from shopsync_contracts.events import ImportCompleted, ImportFailed
from shopsync_runtime import LeaseLost

Database = AsyncDatabase[dict[str, Any]]

_FIXED = frozenset({"id", "shop_key", "request_id", "requested_at", "enumeration_request_id", "traceparent"})


class SweepStore:
    """The durable sweeps. Writes of a running sweep are fenced by the lease's token.

    Verdicts are kept as a list of {product_no, verdict}: product numbers may hold characters that keys may not.
    """

    def __init__(self, database: Database, *, keep: timedelta = timedelta(days=365)) -> None:
        self._sweeps = database["sweeps"]
        self._clocks = database["janitor_clock"]
        self._keep = keep

    async def ensure_indexes(self) -> None:
        """Indexes for the queue, for reports and for forgetting old sweeps."""
        await self._sweeps.create_index([("shop_key", ASCENDING), ("requested_at", ASCENDING)])
        await self._sweeps.create_index(
            [("requested_at", ASCENDING)], name="unfinished", partialFilterExpression={"finished": False}
        )
        await self._sweeps.create_index("enumeration_request_id")
        await self._sweeps.create_index("expires_at", expireAfterSeconds=0)

    async def add(self, sweep: Sweep) -> bool:
        """Queue a sweep; False when it is known already (a redelivered request)."""
        document = {**_to_document(sweep), "finished": False, "token": 0, "report": None}
        result = await self._sweeps.update_one({"_id": sweep.id}, {"$setOnInsert": document}, upsert=True)
        return result.upserted_id is not None

    async def shops_with_work(self) -> list[str]:
        """Shops with an unfinished sweep, the longest waiting first."""
        cursor = await self._sweeps.aggregate(
            [
                {"$match": {"finished": False}},
                {"$group": {"_id": "$shop_key", "since": {"$min": "$requested_at"}}},
                {"$sort": {"since": 1, "_id": 1}},
            ]
        )
        return [document["_id"] async for document in cursor]

    async def next_for(self, shop_key: str) -> Sweep | None:
        """The shop's oldest unfinished sweep; later ones wait until it is done."""
        document = await self._sweeps.find_one(
            {"shop_key": shop_key, "finished": False}, sort=[("requested_at", ASCENDING), ("_id", ASCENDING)]
        )
        return None if document is None else _from_document(document)

    async def save(self, sweep: Sweep, token: int) -> None:
        """Keep the sweep's state. Raises LeaseLost when a later holder of the lease has written already."""
        changes = {name: value for name, value in _to_document(sweep).items() if name not in _FIXED}
        changes |= {"token": token, "finished": sweep.state == "done", "counts": sweep.counts().model_dump()}
        if sweep.state == "done" and sweep.completed_at is not None:
            changes["expires_at"] = sweep.completed_at + self._keep
        result = await self._sweeps.update_one({"_id": sweep.id, "token": {"$lte": token}}, {"$set": changes})
        if result.matched_count == 0:
            raise LeaseLost(f"sweep {sweep.id} is in the hands of another replica")

    async def keep_report(self, report: ImportCompleted | ImportFailed) -> bool:
        """Keep the ingestor's report with the sweep that asked for it; the first stays. False: nobody waits for it."""
        result = await self._sweeps.update_one(
            {
                "enumeration_request_id": report.request_id,
                "shop_key": report.shop_key,
                "finished": False,
                "report": None,
            },
            {"$set": {"report": {"type": report.TYPE, "body": report.model_dump_json()}}},
        )
        return result.modified_count > 0

    async def report_for(self, sweep_id: str) -> ImportCompleted | ImportFailed | None:
        """The report that has come for the sweep."""
        document = await self._sweeps.find_one({"_id": sweep_id}, {"report": 1})
        report = document and document.get("report")
        if not report:
            return None
        body = ImportCompleted if report["type"] == ImportCompleted.TYPE else ImportFailed
        return body.model_validate_json(report["body"])

    async def last_slot(self, name: str) -> datetime | None:
        """The latest slot of a clock that has been seen to; None when it never was."""
        document = await self._clocks.find_one({"_id": name})
        return None if document is None else document["slot"]

    async def mark_slot(self, name: str, slot: datetime) -> None:
        """The slot has been seen to; never goes back."""
        await self._clocks.update_one({"_id": name}, {"$max": {"slot": slot}}, upsert=True)


class CatalogView:
    """What the janitor may see of the catalog's collections. Reads only."""

    def __init__(self, database: Database) -> None:
        self._products = database["products"]
        self._tombstones = database["tombstones"]
        self._shops = database["shops"]

    async def shop_keys(self) -> list[str]:
        """Every shop that has settings, in order."""
        cursor = self._shops.find({}, {"_id": 1}, sort=[("_id", ASCENDING)])
        return [document["_id"] async for document in cursor]

    async def has_settings(self, shop_key: str) -> bool:
        """Whether the catalog knows the shop's settings."""
        return await self._shops.find_one({"_id": shop_key}, {"_id": 1}) is not None

    async def removed(self, shop_key: str) -> AsyncIterator[Removed]:
        """Every product of the shop that is held to be removed upstream, by product number."""
        cursor = self._products.find(
            {**_of(shop_key), "removed_upstream": {"$ne": None}},
            {"product_no": 1, "sync_enabled": 1, "removed_upstream": 1},
            sort=[("_id", ASCENDING)],
        )
        async for document in cursor:
            yield Removed(
                product_no=document["product_no"],
                sync_enabled=bool(document.get("sync_enabled")),
                enumeration_id=document["removed_upstream"]["enumeration_id"],
            )

    async def look_up(self, shop_key: str, product_nos: Sequence[str]) -> dict[str, Found]:
        """Candidates as they are now. The tombstones are read last: a product is never seen in neither place."""
        ids = {f"{shop_key}/{number}": number for number in product_nos}
        products = {
            document["_id"]: document
            async for document in self._products.find(
                {"_id": {"$in": list(ids)}}, {"sync_enabled": 1, "removed_upstream": 1}
            )
        }
        sweeps = {
            document["_id"]: document.get("sweep_id")
            async for document in self._tombstones.find({"_id": {"$in": list(ids)}}, {"sweep_id": 1})
        }
        return {
            number: Found(
                exists=key in products,
                sync_enabled=bool(products.get(key, {}).get("sync_enabled")),
                removed_upstream=products.get(key, {}).get("removed_upstream") is not None,
                deleted_by=sweeps.get(key),
            )
            for key, number in ids.items()
        }


def _of(shop_key: str) -> dict[str, Any]:
    # "0" follows "/" in ASCII, and shop keys hold no "/": the range holds this shop's products and nothing else.
    return {"_id": {"$gte": f"{shop_key}/", "$lt": f"{shop_key}0"}}


def _to_document(sweep: Sweep) -> dict[str, Any]:
    document = asdict(sweep)
    del document["id"]
    document["verdicts"] = [{"product_no": number, "verdict": given} for number, given in sweep.verdicts.items()]
    return document


def _from_document(document: dict[str, Any]) -> Sweep:
    known = {name: value for name, value in document.items() if name in Sweep.__dataclass_fields__}
    known["id"] = document["_id"]
    known["verdicts"] = {entry["product_no"]: entry["verdict"] for entry in document["verdicts"]}
    return Sweep(**known)
