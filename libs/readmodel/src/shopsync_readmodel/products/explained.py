"""A few products by number, each with its name, its 状態, and what has to be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shopsync_readmodel.actors import Cause
from shopsync_readmodel.errors import BrokenDocument
from shopsync_readmodel.products.causes import causes
from shopsync_readmodel.products.product import StoredProduct, snapshot_of
from shopsync_readmodel.shops.settings import ShopSettings, read_settings
from shopsync_readmodel.stored.layers import Document, read_layers
from shopsync_runtime.mongo import Database


@dataclass(frozen=True, slots=True)
class Explained:
    """`causes`: as in 商品詳細, as far as they follow from the product itself."""

    product_no: str
    name: str
    status: str
    causes: tuple[Cause, ...]


async def read_explained(
    database: Database, shop_key: str, product_nos: Sequence[str], now: datetime
) -> dict[str, Explained]:
    """By number; those that the shop does not have are left out."""
    if not product_nos:
        return {}
    settings = await read_settings(database, shop_key)
    found = database["products"].find({"_id": {"$in": [f"{shop_key}/{one}" for one in product_nos]}})
    return {one["product_no"]: _explained(one, settings, now) async for one in found}


async def first_in_status(
    database: Database, shop_key: str, status: str, product_nos: Sequence[str] | None, limit: int
) -> tuple[str, ...]:
    """Numbers of the shop's first products in this 状態; only of `product_nos` when given."""
    these = {} if product_nos is None else {"_id": {"$in": [f"{shop_key}/{one}" for one in product_nos]}}
    query: Document = {"shop_key": shop_key, "status": status, **these}
    found = database["products"].find(query, {"_id": 1}).sort("_id", 1).limit(limit)
    return tuple([str(one["_id"]).partition("/")[2] async for one in found])


def _explained(document: Document, settings: ShopSettings | None, now: datetime) -> Explained:
    number, name = str(document["product_no"]), (document.get("content") or {}).get("name", "")
    try:
        snapshot = snapshot_of(document)
    except BrokenDocument:
        return Explained(number, name, str(document.get("status", "")), ())
    stored = StoredProduct(document["shop_key"], number, snapshot, read_layers(document), None, settings)
    return Explained(number, name, snapshot.status, causes(stored, now))
