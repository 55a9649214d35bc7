"""`sweeps` and `janitor_clock` in MongoDB."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase

from janitor.model import Sweep
from shopsync_contracts.events import ImportCompleted, ImportFailed
from shopsync_runtime.jobs import UNFINISHED, JobDocuments

Database = AsyncDatabase[dict[str, Any]]

_FIXED = frozenset({"id", "shop_key", "request_id", "requested_at", "traceparent", "dry_run", "retry_until"})
_QUEUED = "requested"


class SweepStore:
    """The stored sweeps. Writes of a running sweep are fenced by the lease's token.

    Verdicts are stored as a list of {product_no, verdict}, since product numbers may have characters that keys may not.
    """

    def __init__(self, database: Database, *, keep: timedelta = timedelta(days=365)) -> None:
        self._sweeps = database["sweeps"]
        self._jobs = JobDocuments(self._sweeps, kind="sweep", queued=_QUEUED, keep=keep)
        self._clocks = database["janitor_clock"]

    async def ensure_indexes(self) -> None:
        """Create indexes for the queue, for reports, for the last success of each shop and for deleting old sweeps."""
        await self._jobs.ensure_indexes()
        await self._sweeps.create_index("enumeration_request_id")
        await self._sweeps.create_index(
            [("succeeded", ASCENDING), ("shop_key", ASCENDING), ("completed_at", ASCENDING)],
            name="succeeded",
            partialFilterExpression={"succeeded": True},
        )

    async def add(self, sweep: Sweep) -> bool:
        """Queue a sweep. Returns False when it is already known (a redelivered request)."""
        return await self._jobs.add(sweep.id, {**_to_document(sweep), "succeeded": False, "report": None})

    async def shops_with_work(self, now: datetime) -> list[str]:
        """Shops with a sweep that can continue now, the longest waiting first.

        A sweep that waits for its start or its enumeration does not count, so that hundreds may wait at no cost.
        """
        begun = {"$ne": ["$state", _QUEUED]}
        ready = {
            "$switch": {
                "branches": [
                    {"case": {"$eq": ["$state", _QUEUED]}, "then": {"$lte": ["$not_before", now]}},
                    {
                        "case": {"$eq": ["$state", "enumerating"]},
                        "then": {"$or": [{"$ne": ["$report", None]}, {"$lte": ["$deadline", now]}]},
                    },
                ],
                "default": True,
            }
        }
        cursor = await self._sweeps.aggregate(
            [
                {"$match": UNFINISHED},
                {"$project": {"shop_key": 1, "requested_at": 1, "begun": begun, "ready": ready}},
                {
                    "$group": {
                        "_id": "$shop_key",
                        "since": {"$min": "$requested_at"},
                        "any_begun": {"$max": "$begun"},
                        "goes_on": {"$max": {"$and": ["$begun", "$ready"]}},
                        "begins": {"$max": {"$and": [{"$not": "$begun"}, "$ready"]}},
                    }
                },
                {"$match": {"$or": [{"goes_on": True}, {"any_begun": False, "begins": True}]}},
                {"$sort": {"since": 1, "_id": 1}},
            ]
        )
        return [document["_id"] async for document in cursor]

    async def next_for(self, shop_key: str, now: datetime) -> Sweep | None:
        """The shop's running sweep, else the oldest that is due. Others wait until it is done."""
        due = {"$or": [{"not_before": None}, {"not_before": {"$lte": now}}]}
        document = await self._jobs.next_for(shop_key, due=due)
        return None if document is None else _from_document(document)

    async def save(self, sweep: Sweep, token: int) -> None:
        """Store the sweep's state. Raises LeaseLost when a later holder of the lease has already written."""
        changes = {name: value for name, value in _to_document(sweep).items() if name not in _FIXED}
        finished = sweep.state == "done"
        changes |= {"finished": finished, "counts": sweep.counts().model_dump()}
        if sweep.state == _QUEUED:
            changes["report"] = None  # that of the previous attempt
        if finished and sweep.completed_at is not None:
            changes |= {"succeeded": sweep.succeeded, **self._jobs.expiry(sweep.completed_at)}
        await self._jobs.write(sweep.id, changes, token)

    async def save_commanded(self, sweep: Sweep, token: int) -> None:
        """Store only how many commands are published, since the document may be large. Raises like `save`."""
        await self._jobs.write(sweep.id, {"commanded": sweep.commanded}, token)

    async def keep_report(self, report: ImportCompleted | ImportFailed) -> bool:
        """Store the ingestor's report in the sweep that requested it; the first one stays. False: none waits for it."""
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

    async def report_for(self, sweep: Sweep) -> ImportCompleted | ImportFailed | None:
        """The report for the sweep's present attempt."""
        document = await self._sweeps.find_one(
            {"_id": sweep.id, "enumeration_request_id": sweep.enumeration_request_id}, {"report": 1}
        )
        report = document and document.get("report")
        if not report:
            return None
        body = ImportCompleted if report["type"] == ImportCompleted.TYPE else ImportFailed
        return body.model_validate_json(report["body"])

    async def last_successes(self) -> dict[str, datetime]:
        """When each shop last had a successful sweep. Dry runs do not count."""
        return await self._by_shop({"succeeded": True}, {"$max": "$completed_at"})

    async def first_requests(self, shop_keys: list[str]) -> dict[str, datetime]:
        """When a sweep was first requested for each of these shops."""
        return await self._by_shop({"shop_key": {"$in": shop_keys}}, {"$min": "$requested_at"})

    async def _by_shop(self, match: Mapping[str, Any], moment: Mapping[str, Any]) -> dict[str, datetime]:
        cursor = await self._sweeps.aggregate([{"$match": match}, {"$group": {"_id": "$shop_key", "at": moment}}])
        return {document["_id"]: document["at"] async for document in cursor}

    async def last_slot(self, name: str) -> datetime | None:
        """The last slot that a schedule has handled; None when it never ran."""
        document = await self._clocks.find_one({"_id": name})
        return None if document is None else document["slot"]

    async def mark_slot(self, name: str, slot: datetime, *, seen: datetime | None) -> None:
        """Mark the slot as handled, unless another process has moved the mark since `seen` was read.

        The mark may go back, since one in the future comes from a clock that was wrong.
        """
        if seen is None:
            await self._clocks.update_one({"_id": name}, {"$setOnInsert": {"slot": slot}}, upsert=True)
        else:
            await self._clocks.update_one({"_id": name, "slot": seen}, {"$set": {"slot": slot}})


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
