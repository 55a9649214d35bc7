"""Reads the catalog's `products`, `tombstones` and `shops`."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase

from janitor.verdicts import Found, Removed

Database = AsyncDatabase[dict[str, Any]]


class CatalogView:
    """Read access to the catalog's collections."""

    def __init__(self, database: Database) -> None:
        self._products = database["products"]
        self._tombstones = database["tombstones"]
        self._shops = database["shops"]

    async def shop_keys(self) -> list[str]:
        """Every shop that has settings, in order."""
        cursor = self._shops.find({}, {"_id": 1}, sort=[("_id", ASCENDING)])
        return [document["_id"] async for document in cursor]

    async def has_settings(self, shop_key: str) -> bool:
        """Whether the catalog knows the shop's settings."""
        return await self._shops.find_one({"_id": shop_key}, {"_id": 1}) is not None

    async def removed(self, shop_key: str) -> AsyncIterator[Removed]:
        """Every product of the shop that the catalog considers removed upstream.

        The query fits the catalog's index, so that a shop of 1,000,000 products is not scanned.
        """
        cursor = self._products.find(
            {"shop_key": shop_key, "removed_upstream.enumeration_id": {"$exists": True}},
            {"product_no": 1, "sync_enabled": 1, "removed_upstream": 1},
        )
        async for document in cursor:
            yield Removed(
                product_no=document["product_no"],
                sync_enabled=bool(document.get("sync_enabled")),
                enumeration_id=document["removed_upstream"]["enumeration_id"],
            )

    async def look_up(self, shop_key: str, product_nos: Sequence[str]) -> dict[str, Found]:
        """The present state of candidates. Tombstones are read last, so that no product is missed in both places."""
        ids = {f"{shop_key}/{number}": number for number in product_nos}
        products = {
            document["_id"]: document
            async for document in self._products.find(
                {"_id": {"$in": list(ids)}}, {"sync_enabled": 1, "removed_upstream": 1}
            )
        }
        sweeps = {
            document["_id"]: document.get("sweep_id")
            async for document in self._tombstones.find({"_id": {"$in": list(ids)}}, {"sweep_id": 1})
        }
        return {
            number: Found(
                exists=key in products,
                sync_enabled=bool(products.get(key, {}).get("sync_enabled")),
                removed_upstream=products.get(key, {}).get("removed_upstream") is not None,
                deleted_by=sweeps.get(key),
            )
            for key, number in ids.items()
        }
