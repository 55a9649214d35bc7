from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from shopsync_runtime.mongo import Database

_FORGOTTEN_AFTER = timedelta(hours=1)


class AppTroubles:
    """`app_troubles`: for operators, from which replicas TikTok refuses the app, and why. Removed when that ends."""

    def __init__(self, database: Database) -> None:
        self._troubles = database["app_troubles"]

    async def ensure_indexes(self) -> None:
        """An entry of a replica that no longer runs expires after an hour."""
        forget = int(_FORGOTTEN_AFTER.total_seconds())
        await self._troubles.create_indexes([IndexModel([("seen_at", ASCENDING)], expireAfterSeconds=forget)])

    async def note(self, replica: str, cause: tuple[str, str], *, since: datetime, now: datetime) -> None:
        """Store or renew the replica's trouble; `cause`: TikTok's (code, message)."""
        fields = {"code": cause[0], "message": cause[1], "since": since, "seen_at": now}
        await self._troubles.update_one({"_id": replica}, {"$set": fields}, upsert=True)

    async def clear(self, replica: str) -> None:
        """Remove the replica's trouble."""
        await self._troubles.delete_one({"_id": replica})
