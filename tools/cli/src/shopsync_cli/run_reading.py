"""Imports and sweeps as MongoDB keeps them, for operators to look back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopsync_cli.errors import CommandFailed
from shopsync_runtime.mongo import Database, Document

EXAMPLES = 20
_LARGE = {"verdicts": 0, "candidates": 0, "report": 0, "refused": 0, "doubts": 0, "position": 0}


async def newest(database: Database, collection: str, shop_key: str | None, limit: int) -> list[Document]:
    """The newest imports or sweeps, of one shop or of all, without their long lists."""
    query = {} if shop_key is None else {"shop_key": shop_key}
    return await database[collection].find(query, _LARGE).sort("requested_at", -1).limit(limit).to_list()


async def one(database: Database, collection: str, wanted: str) -> Document:
    """The import or sweep with this id, or whose id begins so, or that a request with this id asked for.

    Raises CommandFailed when there is none, or more than one.
    """
    ids = {"$or": [{"_id": wanted}, {"request_id": wanted}, {"_id": {"$gte": wanted, "$lt": wanted + "\uffff"}}]}
    found = await database[collection].find(ids).limit(2).to_list()
    if len(found) == 1:
        return found[0]
    what = "no" if not found else "more than one"
    kind = collection.removesuffix("s")
    raise CommandFailed(f"{what} {kind} has an id that begins with {wanted!r}; see `shopsync {collection} list`")


@dataclass(frozen=True, slots=True)
class Loss:
    """What a held-back listing lacked, as far as it lacks still.

    Of the missing, `off` would be deleted by the next sweep and `on` stay (DL-4); the rest is not in the tool.
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
        return {
            "import_id": self.import_id, "listed_at": self.listed_at, "listed": self.listed, "present": self.present,
            "missing": self.missing, "off": self.off, "on": self.on, "examples": dict(self.examples),
        }  # fmt: skip


async def read_loss(database: Database, shop_key: str) -> Loss:
    """The loss that waits for a confirmation. Raises CommandFailed when the newest listing held nothing back."""
    listings = {"shop_key": shop_key, "finished": True, "interval": None, "listed_at": {"$ne": None}}
    listing = await database["imports"].find_one(listings, sort=[("listed_at", -1)])
    if listing is None:
        raise CommandFailed(f"shop {shop_key!r} has no finished listing; see `shopsync imports list {shop_key}`")
    if not listing.get("held_back"):
        raise CommandFailed(
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
