"""The product list (商品一覧) of LS-2 to LS-4, a page at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shopsync_readmodel.errors import WrongCursor
from shopsync_readmodel.stored.layers import Document
from shopsync_runtime.mongo import Database

_FIELDS = dict.fromkeys(
    (
        "shop_key",
        "product_no",
        "content.name",
        "content.price",
        "status",
        "sync_enabled",
        "missing",
        "live",
        "skus.price",
        "skus.stock",
        "skus.stock_unmanaged",
        "removed_upstream",
        "tiktok_product_id",
        "changed_at",
    ),
    1,
)


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which products; all conditions together (LS-4), several 状態 as alternatives."""

    shop_key: str | None = None
    statuses: tuple[str, ...] = ()
    keyword: str | None = None
    sync_enabled: bool | None = None
    removed: bool = False

    def query(self) -> dict[str, Any]:
        """For MongoDB. The keyword is part of the name, letter case aside, and never a pattern (LS-2)."""
        query: dict[str, Any] = {}
        if self.shop_key is not None:
            query["shop_key"] = self.shop_key
        if self.statuses:
            query["status"] = {"$in": list(self.statuses)}
        if self.keyword:
            query["content.name"] = {"$regex": re.escape(self.keyword), "$options": "i"}
        if self.sync_enabled is not None:
            query["sync_enabled"] = self.sync_enabled
        if self.removed:
            query["removed_upstream"] = {"$ne": None}
        return query


@dataclass(frozen=True, slots=True)
class ListedProduct:
    """One line of the list. Prices in whole yen, tax included; `stock` None when no SKU has a number."""

    shop_key: str
    product_no: str
    name: str
    status: str
    sync_enabled: bool
    price_from: int | None
    price_to: int | None
    stock: int | None
    skus: int
    skus_without_stock: int
    missing: tuple[str, ...]
    removed_upstream: bool
    tiktok_product_id: str | None
    live: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some products by shop and number; `more` follow `cursor`, which is None on the last page."""

    products: tuple[ListedProduct, ...]
    more: int
    cursor: str | None


async def read_page(database: Database, chosen: ProductFilter, *, limit: int, after: str | None) -> Page:
    """At most `limit` products after the cursor of the page before. Raises WrongCursor."""
    query = chosen.query()
    if after is not None:
        if not all(after.partition("/")):
            raise WrongCursor(after)
        query["_id"] = {"$gt": after}
    found = await database["products"].find(query, _FIELDS).sort("_id", 1).limit(limit).to_list()
    if len(found) < limit:
        return Page(tuple(map(_listed, found)), 0, None)
    cursor = str(found[-1]["_id"])
    more = await database["products"].count_documents({**query, "_id": {"$gt": cursor}})
    return Page(tuple(map(_listed, found)), more, cursor if more else None)


async def read_numbers(database: Database, chosen: ProductFilter) -> list[str]:
    """Numbers of all products that the filter takes, in order."""
    query = chosen.query()
    if chosen.shop_key is not None:
        query["_id"] = {"$gt": f"{chosen.shop_key}/", "$lt": f"{chosen.shop_key}0"}  # "0" follows "/"
    found = database["products"].find(query, {"product_no": 1}).sort("_id", 1)
    return [str(one["product_no"]) async for one in found]


async def absent(database: Database, shop_key: str, product_nos: Sequence[str]) -> list[str]:
    """Which of these numbers the shop does not have, in the given order."""
    ids = [f"{shop_key}/{one}" for one in product_nos]
    there = {one["_id"] async for one in database["products"].find({"_id": {"$in": ids}}, {"_id": 1})}
    return [number for number, one in zip(product_nos, ids, strict=True) if one not in there]


def _listed(document: Document) -> ListedProduct:
    content, skus = document.get("content") or {}, document.get("skus") or []
    own = [content["price"]] if content.get("price") else []
    prices = [sku["price"] for sku in skus if sku.get("price")] or own
    stock = [sku["stock"] for sku in skus if sku.get("stock") is not None]
    return ListedProduct(
        shop_key=document["shop_key"],
        product_no=document["product_no"],
        name=content.get("name", ""),
        status=document.get("status", ""),
        sync_enabled=bool(document.get("sync_enabled")),
        price_from=min(prices, default=None),
        price_to=max(prices, default=None),
        stock=sum(stock) if stock else None,
        skus=len(skus),
        skus_without_stock=len(skus) - len(stock),
        missing=tuple(document.get("missing") or ()),
        removed_upstream=document.get("removed_upstream") is not None,
        tiktok_product_id=document.get("tiktok_product_id"),
        live=bool(document.get("live")),
    )
