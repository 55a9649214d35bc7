from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DeleteOne, IndexModel, ReturnDocument, UpdateOne, WriteConcern

from publisher.concurrency.batching import Batcher
from publisher.model import Job, Later
from shopsync_contracts import Event
from shopsync_contracts.events import PushRequested
from shopsync_contracts.limits import KEPT_TEXT
from shopsync_runtime.mongo import Database, Document

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_APART = 0.1
"""Seconds between two commands that remove jobs, so that those of all shops go together. Chosen: nobody waits for it
but the place of the push.
"""
_MANUAL = frozenset({"manual", "redrive"})
_NO_TRACES: Mapping[str, str | None] = {}


class Jobs:
    """`push_jobs`: the durable inbox, one document per product that has to be pushed.

    A job is due when `due_at` has passed and nobody holds its lease. `seq` counts commands: a command that arrives
    during the push makes it run again.
    """

    def __init__(self, database: Database) -> None:
        self._jobs = database["push_jobs"]
        # A lease that a failover loses is one that has run out too early: whoever claims the job next has the fence.
        self._leases = database.get_collection("push_jobs", write_concern=WriteConcern(w=1))
        self._finished = Batcher(self._finish, apart=_APART)

    async def ensure_indexes(self) -> None:
        """For claiming by shop, and for finding the shops with due jobs."""
        await self._jobs.create_indexes([IndexModel([("shop_key", ASCENDING), ("due_at", ASCENDING)])])

    async def request(
        self, commands: Sequence[Event[PushRequested]], now: datetime, traces: Mapping[str, str | None] = _NO_TRACES
    ) -> None:
        """Store the commands, in order. Ten for one product are one job with the id of the newest.

        `traces`: the trace contexts in which commands were taken, by their ids; else it is the command's own.
        """
        upserts = [_upsert(command, traces.get(command.id, command.traceparent), now) for command in commands]
        await self._jobs.bulk_write(upserts, ordered=True)

    async def due_shops(self, now: datetime) -> list[str]:
        """Shops that may have a job to claim now; running jobs count too. One step in the index per shop."""
        pipeline: list[Document] = [
            {"$sort": {"shop_key": ASCENDING, "due_at": ASCENDING}},
            {"$group": {"_id": "$shop_key", "due_at": {"$first": "$due_at"}}},
        ]
        return [str(row["_id"]) async for row in await self._jobs.aggregate(pipeline) if row["due_at"] <= now]

    async def count(self) -> int:
        """About how many jobs there are, of all shops. MongoDB knows it without looking at them."""
        return await self._jobs.estimated_document_count()

    async def due(self, shop_key: str, now: datetime, limit: int) -> int:
        """How many jobs of the shop are due or running; counts no further than `limit`."""
        return await self._jobs.count_documents({"shop_key": shop_key, "due_at": {"$lte": now}}, limit=limit)

    async def claim(self, shop_key: str, *, owner: str, now: datetime, lease: timedelta) -> Job | None:
        """Lease the shop's longest-due job to `owner`; None when there is none."""
        document = await self._leases.find_one_and_update(
            {"shop_key": shop_key, **_due(now)},
            {"$set": {"owner": owner, "lease_until": now + lease}},
            sort=[("due_at", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        return None if document is None else _job(document)

    async def renew(self, job: Job, until: datetime) -> bool:
        """Extend the lease; False when another worker has the job now."""
        result = await self._leases.update_one(_own(job), {"$set": {"lease_until": until}})
        return result.matched_count == 1

    async def finish(self, job: Job, now: datetime) -> None:
        """Remove the job, unless a command arrived since it was claimed: then it is due at once."""
        await self._finished.run((job, now))

    async def _finish(self, finished: Sequence[tuple[Job, datetime]]) -> list[None]:
        removed = await self._jobs.bulk_write(
            [DeleteOne({**_own(job), "seq": job.seq}) for job, _ in finished], ordered=False
        )
        if removed.deleted_count < len(finished):
            # Nothing happens to those that were removed.
            await self._jobs.bulk_write(
                [UpdateOne(_own(job), {"$set": _fresh(now)}) for job, now in finished], ordered=False
            )
        return [None] * len(finished)

    async def reschedule(self, job: Job, later: Later, now: datetime) -> None:
        """Release the job until it is due. A command that arrived since it was claimed makes it due at once."""
        trouble = later.trouble
        changes = {
            "due_at": later.due_at,
            "attempts": later.attempts,
            "waits": later.waits,
            "reported": later.reported,
            "trouble": None if trouble is None else {"code": trouble[0], "text": trouble[1][:KEPT_TEXT]},
            "lease_until": _NEVER,
            "owner": "",
        }
        result = await self._jobs.update_one({**_own(job), "seq": job.seq}, {"$set": changes})
        if result.matched_count == 0:
            await self._jobs.update_one(_own(job), {"$set": _fresh(now)})

    async def release(self, job: Job) -> None:
        """Release the lease without an outcome: the job is due as it was."""
        await self._jobs.update_one(_own(job), {"$set": {"lease_until": _NEVER, "owner": ""}})

    async def abandon(self, shop_key: str, owner: str) -> None:
        """Release the lease of a claim whose answer was lost, if there is one."""
        await self._jobs.update_one(
            {"shop_key": shop_key, "owner": owner}, {"$set": {"lease_until": _NEVER, "owner": ""}}
        )

    async def release_all_of(self, owners: str, now: datetime) -> int:
        """Release the leases of all owners named `{owners}/…`: their process was killed. Returns how many."""
        theirs = {"owner": {"$gt": f"{owners}/", "$lt": f"{owners}0"}, "lease_until": {"$gt": now}}  # "0" follows "/"
        result = await self._jobs.update_many(theirs, {"$set": {"lease_until": _NEVER, "owner": ""}})
        return result.modified_count

    async def wake_shop(self, shop_key: str, now: datetime) -> int:
        """Make the shop's parked and waiting jobs due. Returns how many."""
        result = await self._jobs.update_many(
            {"shop_key": shop_key, "due_at": {"$gt": now}},
            {"$set": {"due_at": now, "attempts": 0, "reported": None, "trouble": None}},
        )
        return result.modified_count


def _upsert(command: Event[PushRequested], traceparent: str | None, now: datetime) -> UpdateOne:
    body = command.data
    start_over: Any = True if body.reason in _MANUAL else {"$ne": [{"$ifNull": ["$reported", None]}, None]}
    # $literal: in a pipeline a product number such as "$x" would be read as a path.
    changes: dict[str, Any] = {
        "shop_key": {"$literal": body.shop_key},
        "product_no": {"$literal": body.product_no},
        "command_id": {"$literal": command.id},
        "sync_id": {"$literal": body.sync_id},
        "reason": _reason(body.reason),
        "requested_at": now,
        "seq": {"$add": [{"$ifNull": ["$seq", 0]}, 1]},
        "attempts": _unless(start_over, "$attempts", 0),
        "waits": _unless(start_over, "$waits", 0),
        "due_at": _unless(start_over, "$due_at", now),
        "reported": None,
        "trouble": _unless(start_over, "$trouble", None),
        "lease_until": {"$ifNull": ["$lease_until", _NEVER]},
        "owner": {"$ifNull": ["$owner", ""]},
        "traceparent": "$$REMOVE" if traceparent is None else {"$literal": traceparent},
    }
    return UpdateOne({"_id": body.subject}, [{"$set": changes}], upsert=True)


def _reason(asked: str) -> dict[str, Any]:
    """A manual command keeps its reason when a scheduled one joins its job."""
    if asked in _MANUAL:
        return {"$literal": asked}
    return {"$cond": [{"$in": ["$reason", {"$literal": sorted(_MANUAL)}]}, "$reason", {"$literal": asked}]}


def _unless(start_over: Any, kept: str, otherwise: Any) -> dict[str, Any]:
    return {"$cond": [start_over, otherwise, {"$ifNull": [kept, otherwise]}]}


def _due(now: datetime) -> dict[str, Any]:
    return {"due_at": {"$lte": now}, "lease_until": {"$lte": now}}


def _own(job: Job) -> dict[str, Any]:
    return {"_id": job.id, "owner": job.owner}


def _fresh(now: datetime) -> dict[str, Any]:
    return {
        "due_at": now,
        "attempts": 0,
        "waits": 0,
        "reported": None,
        "trouble": None,
        "lease_until": _NEVER,
        "owner": "",
    }


def _job(document: Document) -> Job:
    return Job(
        shop_key=document["shop_key"],
        product_no=document["product_no"],
        command_id=document["command_id"],
        reason=document["reason"],
        requested_at=document["requested_at"],
        attempts=document["attempts"],
        waits=document["waits"],
        seq=document["seq"],
        owner=document["owner"],
        reported=document.get("reported"),
        traceparent=document.get("traceparent"),
    )
