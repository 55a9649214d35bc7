from collections.abc import Sequence
from datetime import timedelta

from pymongo import ASCENDING, IndexModel

from publisher.model import KeyHolder
from shopsync_runtime.mongo import Database

_FORGOTTEN_AFTER = timedelta(hours=1)


class TokenKeys:
    """`token_keys`: which replicas run, and the fingerprints of the keys that each has. Never a key.

    Times are the database server's, so that the replicas' clocks do not matter.
    """

    def __init__(self, database: Database) -> None:
        self._holders = database["token_keys"]

    async def ensure_indexes(self) -> None:
        """An entry of a replica that no longer runs expires an hour after it stopped counting."""
        forget = int(_FORGOTTEN_AFTER.total_seconds())
        await self._holders.create_indexes([IndexModel([("counts_until", ASCENDING)], expireAfterSeconds=forget)])

    async def announce(self, process: str, holder: KeyHolder, lease: timedelta) -> None:
        """The process runs, and counts for `lease` from now."""
        until = {"$add": ["$$NOW", int(lease.total_seconds() * 1000)]}
        fields = {"replica": {"$literal": holder.replica}, "keys": {"$literal": list(holder.keys)}}
        await self._holders.update_one(
            {"_id": process}, [{"$set": {**fields, "seen_at": "$$NOW", "counts_until": until}}], upsert=True
        )

    async def heard_of(self) -> Sequence[KeyHolder]:
        """Every process whose lease has not expired. One that was stopped or killed counts until then."""
        found = self._holders.find({"$expr": {"$gt": ["$counts_until", "$$NOW"]}})
        return [KeyHolder(document["replica"], tuple(document["keys"])) async for document in found]
