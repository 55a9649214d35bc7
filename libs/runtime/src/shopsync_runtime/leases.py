"""Coordination of replicas: slots that are claimed once, leases that one replica holds at a time (architecture 4)."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError

from shopsync_runtime.cancelling import stop
from shopsync_runtime.errors import LeaseLost
from shopsync_runtime.mongo import Database, Document

log = structlog.get_logger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SLOT_MEMORY = timedelta(days=30)


class Lease:
    """A lease that expires at `expires`, on this process's monotonic clock. `token` grows with every holder."""

    def __init__(self, name: str, token: int, expires: float) -> None:
        self.name = name
        self.token = token
        self._expires = expires
        self._lost = False

    @property
    def lost(self) -> bool:
        """Whether another replica may hold it now."""
        return self._lost or time.monotonic() >= self._expires

    def check(self) -> None:
        """Raise LeaseLost unless the lease is certainly still ours. Call before every step that must happen once."""
        if self.lost:
            raise LeaseLost(f"lease {self.name!r} ran out or was taken over")

    def _extend(self, expires: float) -> None:
        self._expires = expires

    def _lose(self) -> None:
        self._lost = True


class Leases:
    """Slots and leases in the collection `{service}_leases`. Times are the database server's, so clocks may differ."""

    def __init__(self, database: Database, service: str) -> None:
        self._collection = database[f"{service}_leases"]
        self._holder = uuid4().hex
        self._unsure: dict[str, str] = {}

    async def ensure_indexes(self) -> None:
        """Make the index by which old slots are removed."""
        await self._collection.create_index("clear_at", expireAfterSeconds=0)

    async def claim_slot(self, name: str, slot: str, *, remember: timedelta = _SLOT_MEMORY) -> bool:
        """True for exactly one caller per (name, slot) across all replicas, for at least `remember`.

        Raises PyMongoError when the outcome is unknown; the same process may then ask again and gets the right answer.
        A crash does not release the claim, so claim only what may be skipped, or check afterwards that it was done.
        """
        key = f"slot:{name}:{slot}"
        claim = self._unsure.pop(key, None) or uuid4().hex
        try:
            return await self._claim(key, claim, remember)
        except BaseException:  # without an answer, the next call finds out whether the claim was ours
            self._unsure[key] = claim
            raise

    async def _claim(self, key: str, claim: str, remember: timedelta) -> bool:
        now = datetime.now(UTC)
        document = {
            "_id": key,
            "holder": self._holder,
            "claim": claim,
            "claimed_at": now,
            "clear_at": now + remember,
        }
        try:
            await self._collection.insert_one(document)
        except DuplicateKeyError:
            found = await self._collection.find_one({"_id": key}, {"claim": 1})
            return found is not None and found["claim"] == claim
        return True

    @contextlib.asynccontextmanager
    async def hold(self, name: str, ttl: timedelta) -> AsyncIterator[Lease | None]:
        """Hold the lease inside the block; None when another replica has it. Renewed every third of `ttl`.

        It is released at the end of the block, or expires after `ttl` when the process dies.
        """
        lease = await self._acquire(name, ttl)
        if lease is None:
            yield None
            return
        renewal = asyncio.create_task(self._renew(lease, ttl), name=f"lease-{name}")
        try:
            yield lease
        finally:
            await stop(renewal)
            await self._release(lease)

    async def _acquire(self, name: str, ttl: timedelta) -> Lease | None:
        key = f"lease:{name}"
        with contextlib.suppress(DuplicateKeyError):
            await self._collection.update_one(
                {"_id": key}, {"$setOnInsert": {"token": 0, "holder": None, "expires_at": _EPOCH}}, upsert=True
            )
        started = time.monotonic()
        found = await self._collection.find_one_and_update(
            {"_id": key, "$expr": {"$lte": ["$expires_at", "$$NOW"]}},
            [{"$set": {"holder": self._holder, "token": {"$add": ["$token", 1]}, "expires_at": _in(ttl)}}],
            return_document=ReturnDocument.AFTER,
        )
        if found is None:
            return None
        return Lease(name, int(found["token"]), started + ttl.total_seconds())

    async def _renew(self, lease: Lease, ttl: timedelta) -> None:
        while not lease.lost:
            await asyncio.sleep(ttl.total_seconds() / 3)
            started = time.monotonic()
            try:
                result = await self._collection.update_one(self._mine(lease), [{"$set": {"expires_at": _in(ttl)}}])
            except PyMongoError as error:
                log.warning("lease not renewed", lease=lease.name, error=str(error)[:200])
                continue
            if result.matched_count == 0:
                lease._lose()  # noqa: SLF001 - the lease's own book-keeping
            else:
                lease._extend(started + ttl.total_seconds())  # noqa: SLF001
        log.warning("lease lost", lease=lease.name, token=lease.token)

    async def _release(self, lease: Lease) -> None:
        try:
            await self._collection.update_one(self._mine(lease), {"$set": {"expires_at": _EPOCH, "holder": None}})
        except PyMongoError as error:
            log.warning("lease not given back, it runs out by itself", lease=lease.name, error=str(error)[:200])

    def _mine(self, lease: Lease) -> Document:
        return {"_id": f"lease:{lease.name}", "holder": self._holder, "token": lease.token}


def _in(ttl: timedelta) -> Document:
    return {"$add": ["$$NOW", int(ttl.total_seconds() * 1000)]}
