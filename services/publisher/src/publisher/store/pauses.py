from datetime import datetime

from pymongo.errors import DuplicateKeyError

from shopsync_contracts.events import PushPauseSet
from shopsync_runtime.mongo import Database


class Pauses:
    """`push_pauses`: shops whose pushes an operator paused, and those that were resumed since."""

    def __init__(self, database: Database) -> None:
        self._pauses = database["push_pauses"]

    async def note(self, body: PushPauseSet, *, set_at: datetime, source: str, appended: datetime, offset: int) -> None:
        """Store the message, unless one that Kafka has after it is stored already.

        `appended`: the broker's time stamp. So a repeated message, and a replica that is behind, change nothing.
        """
        said = {"paused": body.paused, "reason": body.reason, "set_at": set_at, "source": source}
        not_newer = [{"appended": {"$lt": appended}}, {"appended": appended, "offset": {"$lte": offset}}]
        update = {"$set": {**said, "appended": appended, "offset": offset}}
        # The first failure may only mean that another replica has just inserted the document.
        for _ in range(2):
            try:
                await self._pauses.update_one({"_id": body.shop_key, "$or": not_newer}, update, upsert=True)
            except DuplicateKeyError:
                continue
            return

    async def shops(self) -> set[str]:
        """The shop keys that are paused."""
        return {one["_id"] async for one in self._pauses.find({"paused": True}, {"_id": 1})}
