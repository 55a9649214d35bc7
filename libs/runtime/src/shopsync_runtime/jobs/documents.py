"""A job queue: one collection of documents, either imports or sweeps."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pymongo import ASCENDING
from pymongo.asynchronous.collection import AsyncCollection

from shopsync_runtime.errors import LeaseLost
from shopsync_runtime.mongo import Document

UNFINISHED: Final[Mapping[str, Any]] = {"finished": False, "requested_at": {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}}
"""Matches all unfinished jobs. MongoDB takes the index of these only for a query that also bounds its field."""

_OLDEST_FIRST = [("requested_at", ASCENDING), ("_id", ASCENDING)]
_NONE: Mapping[str, Any] = {}


class JobDocuments:
    """Jobs with `shop_key`, `requested_at`, `state`, `finished` and `token`; all other members are the service's.

    `token` is that of the lease under which the document was last written, so a previous holder can no longer write.
    `queued` is the state of a job that has not started. A finished job is deleted after `keep`.
    """

    def __init__(self, collection: AsyncCollection[Document], *, kind: str, queued: str, keep: timedelta) -> None:
        self._collection = collection
        self._kind = kind
        self._queued = queued
        self._keep = keep

    async def ensure_indexes(self) -> None:
        """Create indexes for the queue, for people who look for a job, and for deleting old ones."""
        await self._collection.create_index([("shop_key", ASCENDING), ("requested_at", ASCENDING)])
        await self._collection.create_index(
            [("requested_at", ASCENDING)], name="unfinished", partialFilterExpression={"finished": False}
        )
        await self._collection.create_index([("requested_at", ASCENDING)], name="newest")
        await self._collection.create_index("request_id")
        await self._collection.create_index("expires_at", expireAfterSeconds=0)

    async def add(self, job_id: str, document: Mapping[str, Any]) -> bool:
        """Queue a job. Returns False when it is known from an earlier delivery of its request."""
        new = {**document, "finished": False, "token": 0}
        result = await self._collection.update_one({"_id": job_id}, {"$setOnInsert": new}, upsert=True)
        return result.upserted_id is not None

    async def next_for(
        self, shop_key: str, *, among: Mapping[str, Any] = _NONE, due: Mapping[str, Any] = _NONE
    ) -> Document | None:
        """The shop's started job, else the one that waits longest. Only for the holder of the shop's lease.

        `among` restricts both, `due` only waiting ones. The started job goes first whatever its time: clocks of
        replicas differ, and two jobs of a shop must not alternate.
        """
        unfinished = {"shop_key": shop_key, "finished": False, **among}
        begun = await self._collection.find_one({**unfinished, "state": {"$ne": self._queued}}, sort=_OLDEST_FIRST)
        if begun is not None:
            return begun
        return await self._collection.find_one({**unfinished, "state": self._queued, **due}, sort=_OLDEST_FIRST)

    async def write(self, job_id: str, changes: Mapping[str, Any], token: int) -> None:
        """Write under a lease. Raises LeaseLost when a later holder of the lease has already written."""
        result = await self._collection.update_one(
            {"_id": job_id, "token": {"$lte": token}}, {"$set": {**changes, "token": token}}
        )
        if result.matched_count == 0:
            raise LeaseLost(f"{self._kind} {job_id} is in the hands of another replica")

    def expiry(self, ended_at: datetime) -> Document:
        """The member that makes MongoDB delete a job that ended at `ended_at`."""
        return {"expires_at": ended_at + self._keep}
