from datetime import datetime, timedelta

from pymongo import ASCENDING, IndexModel

from shopsync_runtime.mongo import Database

_FORGOTTEN_AFTER = timedelta(hours=1)


class AppTroubles:
    """`app_troubles`: for operators, which replica TikTok refuses as an app and why. Gone once it is accepted again."""

    def __init__(self, database: Database) -> None:
        self._troubles = database["app_troubles"]

    async def ensure_indexes(self) -> None:
        """A replica that is no more takes its trouble along."""
        forget = int(_FORGOTTEN_AFTER.total_seconds())
        await self._troubles.create_indexes([IndexModel([("seen_at", ASCENDING)], expireAfterSeconds=forget)])

    async def note(self, replica: str, cause: tuple[str, str], *, since: datetime, now: datetime) -> None:
        """The replica's trouble stands."""
        fields = {"code": cause[0], "message": cause[1], "since": since, "seen_at": now}
        await self._troubles.update_one({"_id": replica}, {"$set": fields}, upsert=True)

    async def clear(self, replica: str) -> None:
        """The replica has none."""
        await self._troubles.delete_one({"_id": replica})
