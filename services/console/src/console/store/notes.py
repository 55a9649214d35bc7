"""`syncs` and `refusals` in a shop's document of `accounts`: what Kafka alone knows, kept for 履歴."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from pymongo import UpdateOne

from console.model import Refusal, SyncNote
from shopsync_runtime.mongo import Database, Document

KEPT = 200
"""Of each kind and shop, the newest."""

_UNTIL = "noted_at"


class Notes:
    """Written by every replica that reads it: a note is kept once, by its id."""

    def __init__(self, database: Database) -> None:
        self._accounts = database["accounts"]

    async def ensure_indexes(self) -> None:
        """Create the missing index: up to when there are notes."""
        await self._accounts.create_index(_UNTIL)

    async def keep(self, found: Sequence[tuple[str, SyncNote | Refusal]]) -> None:
        """Those of shops that have an account."""
        if found:
            await self._accounts.bulk_write([_update(shop_key, note) for shop_key, note in found], ordered=False)

    async def until(self) -> datetime | None:
        """The time of the newest note of any shop; None when there is none."""
        found = await self._accounts.find({}, {_UNTIL: True}).sort(_UNTIL, -1).limit(1).to_list()
        newest: datetime | None = found[0].get(_UNTIL) if found else None
        return newest

    async def syncs(self, shop_key: str) -> list[SyncNote]:
        """The shop's, newest first."""
        return [SyncNote(**one) for one in await self._list(shop_key, "syncs")]

    async def refusals(self, shop_key: str) -> list[Refusal]:
        """The shop's, newest first."""
        return [Refusal(**one) for one in await self._list(shop_key, "refusals")]

    async def _list(self, shop_key: str, name: str) -> list[Document]:
        found = await self._accounts.find_one({"_id": shop_key}, {name: True})
        notes: list[Document] = [] if found is None else found.get(name) or []
        return notes


def _update(shop_key: str, note: SyncNote | Refusal) -> UpdateOne:
    name = "syncs" if isinstance(note, SyncNote) else "refusals"
    newest = {"$each": [asdict(note)], "$sort": {"at": -1}, "$slice": KEPT}
    return UpdateOne(
        {"_id": shop_key, f"{name}.id": {"$ne": note.id}}, {"$push": {name: newest}, "$max": {_UNTIL: note.at}}
    )
