"""`shops`: each shop's settings as last published. Every service may read them, only the catalog writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from catalog.rules.merge import ReceivedMessage
from catalog.store.documents import Document
from shopsync_contracts.events import ShopSettingsChanged, SyncSettings, TaxDefaults


@dataclass(frozen=True, slots=True)
class TimedShop:
    """A shop in 自動連携 or 任意の時間に連携, since when, and its last scheduled time that was acted on."""

    shop_key: str
    sync: SyncSettings
    set_at: datetime
    last_slot: datetime | None


class ShopStore:
    """The `shops` collection."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._shops = database["shops"]

    async def with_settings(self, shop_keys: Iterable[str]) -> set[str]:
        """The shops among these that have settings."""
        return {one["_id"] async for one in self._shops.find({"_id": {"$in": list(shop_keys)}}, {"_id": 1})}

    async def tax_settings(self, shop_keys: Iterable[str]) -> dict[str, TaxDefaults]:
        """Tax settings of these shops, with the defaults where a shop has none."""
        keys = list(shop_keys)
        found = self._shops.find({"_id": {"$in": keys}}, {"tax": 1})
        stored = {one["_id"]: TaxDefaults.model_validate(one["tax"], strict=False) async for one in found}
        return {key: stored.get(key, TaxDefaults()) for key in keys}

    async def timed_shops(self) -> list[TimedShop]:
        """Shops whose products are sent on a schedule."""
        found = self._shops.find({"sync.mode": {"$ne": "manual"}}, {"sync": 1, "updated_at": 1, "last_slot": 1})
        return [
            TimedShop(
                shop_key=one["_id"],
                sync=SyncSettings.model_validate(one["sync"], strict=False),
                set_at=one["updated_at"],
                last_slot=one.get("last_slot"),
            )
            async for one in found
        ]

    async def mark_slot_done(self, shop_key: str, slot: datetime) -> None:
        """Mark this scheduled time as done: its command is published."""
        await self._shops.update_one({"_id": shop_key}, {"$max": {"last_slot": slot}})

    async def save(self, settings: ShopSettingsChanged, time: datetime, source: ReceivedMessage) -> bool:
        """Store the settings, unless these or later ones of the same partition are stored already.

        Returns whether the shop's products must be repriced, also when a crash interrupted that before.
        """
        # The first attempt also fails when another replica has just inserted the shop. The second one then sees it.
        for _ in range(2):
            try:
                return await self._save(settings, time, source)
            except DuplicateKeyError:
                continue
        stored = await self._shops.find_one({"_id": settings.shop_key}, {"reprice": 1})
        return stored is not None and bool(stored.get("reprice"))

    async def _save(self, settings: ShopSettingsChanged, time: datetime, source: ReceivedMessage) -> bool:
        document: Document = {**settings.model_dump(), "updated_at": time, "position": _position(source)}
        tax = document["tax"]
        after = await self._shops.find_one_and_update(
            {"_id": settings.shop_key, **_before(source)},
            [
                {
                    "$set": {
                        "reprice": {
                            "$or": [
                                {"$eq": ["$reprice", True]},
                                {
                                    "$ne": [
                                        {"$ifNull": ["$tax", {"$literal": TaxDefaults().model_dump()}]},
                                        {"$literal": tax},
                                    ]
                                },
                            ]
                        },
                    }
                },
                {"$set": {name: {"$literal": value} for name, value in document.items()}},
            ],
            upsert=True,
            projection={"reprice": 1},
            return_document=ReturnDocument.AFTER,
        )
        return after is not None and bool(after["reprice"])

    async def mark_repriced(self, shop_key: str) -> None:
        """Mark the shop as repriced: all its products have prices by its present settings."""
        await self._shops.update_one({"_id": shop_key}, {"$set": {"reprice": False}})


def _position(source: ReceivedMessage) -> Document:
    topic, partition, offset = source.place
    return {"topic": topic, "partition": partition, "offset": offset, "timestamp": source.timestamp}


def _before(source: ReceivedMessage) -> Document:
    """Matches settings older than the message. Those stored without a position count as older."""
    topic, partition, offset = source.place
    return {
        "$or": [
            {"position": {"$exists": False}},
            {"position.topic": {"$ne": topic}},
            {"position.partition": {"$ne": partition}},
            {"position.offset": {"$lt": offset}},
            {"position.timestamp": {"$lt": source.timestamp}},
        ]
    }
