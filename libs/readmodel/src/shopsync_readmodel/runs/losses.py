"""The removals that an import held back because too many products were missing at once."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from shopsync_readmodel.errors import NoRun, NothingHeldBack
from shopsync_runtime.mongo import Database

EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Loss:
    """What a held-back listing lacked and what is still missing now.

    Of the missing, the next sweep would delete `off`, and `on` would stay (DL-4); the rest is not in the tool.
    `examples`: product number and name.
    """

    import_id: str
    listed_at: datetime
    listed: int
    present: int
    missing: int
    off: int
    on: int
    examples: tuple[tuple[str, str], ...]

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "examples": dict(self.examples)}


async def read_loss(database: Database, shop_key: str) -> Loss:
    """The loss that waits for a confirmation. Raises NoRun, or NothingHeldBack."""
    listings = {"shop_key": shop_key, "finished": True, "interval": None, "listed_at": {"$ne": None}}
    listing = await database["imports"].find_one(listings, sort=[("listed_at", -1)])
    if listing is None:
        raise NoRun(f"shop {shop_key!r} has no finished listing", "imports", shop_key)
    if not listing.get("held_back"):
        raise NothingHeldBack(
            f"nothing to confirm: the newest listing of shop {shop_key!r}, import {listing['_id']}, held nothing back"
        )
    # "0" follows "/" in ASCII, and shop keys hold no "/": the range holds this shop's products and nothing else.
    present = {"_id": {"$gte": f"{shop_key}/", "$lt": f"{shop_key}0"}, "absent_since": None}
    missing = {**present, "seen_at": {"$lt": listing["started_at"]}}
    counts = await _counts(database, missing)
    return Loss(
        import_id=listing["_id"],
        listed_at=listing["listed_at"],
        listed=listing["counts"]["distinct"],
        present=await database["presence"].count_documents(present),
        missing=sum(counts.values()),
        off=counts.get(False, 0),
        on=counts.get(True, 0),
        examples=await _examples(database, missing),
    )


async def _counts(database: Database, missing: dict[str, Any]) -> dict[bool | None, int]:
    """By 連携対象; None: not in the tool."""
    cursor = await database["presence"].aggregate(
        [
            {"$match": missing},
            {"$lookup": {"from": "products", "localField": "_id", "foreignField": "_id", "as": "tool"}},
            {"$group": {"_id": {"$ifNull": [{"$first": "$tool.sync_enabled"}, None]}, "count": {"$sum": 1}}},
        ]
    )
    return {document["_id"]: document["count"] async for document in cursor}


async def _examples(database: Database, missing: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found = await database["presence"].find(missing, {"product_no": 1}).sort("_id", 1).limit(EXAMPLES).to_list()
    ids = [document["_id"] for document in found]
    named = database["products"].find({"_id": {"$in": ids}}, {"content.name": 1})
    names = {document["_id"]: (document.get("content") or {}).get("name", "") async for document in named}
    return tuple((document["product_no"], names.get(document["_id"], "")) for document in found)
