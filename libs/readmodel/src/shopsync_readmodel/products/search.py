"""The product list (商品一覧) of LS-2 to LS-4, a page at a time."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopsync_readmodel.errors import WrongCursor
from shopsync_readmodel.products.listed import by_list
from shopsync_readmodel.products.sale import is_hidden
from shopsync_readmodel.stored.layers import Document, read_review
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
            # Japanese has no letter case: then there is none to leave aside.
            has_case = self.keyword.lower() != self.keyword.upper()
            query["content.name"] = {"$regex": re.escape(self.keyword), **({"$options": "i"} if has_case else {})}
        if self.sync_enabled is not None:
            query["sync_enabled"] = self.sync_enabled
        if self.removed:
            query["removed_upstream"] = {"$ne": None}
        return query

    @property
    def is_compared(self) -> bool:
        """Whether many products may have to be compared until one is found: by name, or by two conditions."""
        return bool(self.keyword) or (bool(self.statuses) and self.sync_enabled is not None)


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


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One row of a shop's list. `is_unmanaged`: shown as 在庫有り, because no SKU has a number (ST-7).

    `updated_at`: 更新日 at futureshop. `pushed_at`: when TikTok Shop last took it. `is_hidden`: in Seller Center.
    """

    product_no: str
    name: str
    status: str
    sync_enabled: bool
    price_from: int | None
    price_to: int | None
    stock: int | None
    is_unmanaged: bool
    skus: int
    has_picture: bool
    removed_upstream: bool
    is_hidden: bool
    updated_at: datetime | None
    pushed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows by number. `before` and `after`: numbers to go on from in either direction; None: there are none."""

    rows: tuple[ProductRow, ...]
    before: str | None
    after: str | None


_ROW_FIELDS: dict[str, Any] = {
    **dict.fromkeys(
        (
            "product_no",
            "content.name",
            "content.price",
            "status",
            "sync_enabled",
            "live",
            "skus.price",
            "skus.stock",
            "skus.stock_unmanaged",
            "removed_upstream",
            "upstream_updated_at",
            "listing.pushed_at",
            "listing.review.state",
            "listing.review.reasons.reason",
        ),
        1,
    ),
    "content.images": {"$slice": 1},
}


def rows_query(
    shop_key: str, chosen: ProductFilter, *, after: str | None = None, before: str | None = None
) -> dict[str, Any]:
    """For MongoDB: rows of the shop after one number, or before one."""
    first = f"{shop_key}/{after or ''}"
    last = f"{shop_key}0" if before is None else f"{shop_key}/{before}"  # "0" follows "/"
    return {**chosen.query(), "shop_key": shop_key, "_id": {"$gt": first, "$lt": last}}


async def read_rows(
    database: Database,
    shop_key: str,
    chosen: ProductFilter,
    *,
    limit: int,
    after: str | None = None,
    before: str | None = None,
) -> Rows:
    """At most `limit` rows in one query, whatever the shop's size: nothing is counted and nothing skipped."""
    query = rows_query(shop_key, chosen, after=after, before=before)
    order = -1 if before is not None else 1
    found = await _found(database, chosen, query, order, limit + 1)
    is_more, shown = len(found) > limit, found[:limit][::order]
    rows = tuple(map(_row, shown))
    if not rows:
        return Rows((), None, None)
    first, last = rows[0].product_no, rows[-1].product_no
    if before is not None:
        return Rows(rows, first if is_more else None, last)
    return Rows(rows, first if after is not None else None, last if is_more else None)


async def _found(
    database: Database, chosen: ProductFilter, query: dict[str, Any], order: int, limit: int
) -> list[dict[str, Any]]:
    async def ask(hint: Mapping[str, Any]) -> list[dict[str, Any]]:
        return await database["products"].find(query, _ROW_FIELDS, **hint).sort("_id", order).limit(limit).to_list()

    return await (by_list(ask) if chosen.is_compared else ask({}))


async def read_row(database: Database, shop_key: str, product_no: str) -> ProductRow | None:
    """One of them."""
    found = await database["products"].find_one({"_id": f"{shop_key}/{product_no}"}, _ROW_FIELDS)
    return None if found is None else _row(found)


def _row(document: Document) -> ProductRow:
    content, skus = document.get("content") or {}, document.get("skus") or []
    prices, stock, listing = _prices(document), _stock(document), document.get("listing") or {}
    return ProductRow(
        product_no=document["product_no"],
        name=content.get("name", ""),
        status=document.get("status", ""),
        sync_enabled=bool(document.get("sync_enabled")),
        price_from=min(prices, default=None),
        price_to=max(prices, default=None),
        stock=sum(stock) if stock else None,
        is_unmanaged=not stock and any(sku.get("stock_unmanaged") for sku in skus),
        skus=len(skus),
        has_picture=bool(content.get("images")),
        removed_upstream=document.get("removed_upstream") is not None,
        is_hidden=is_hidden(read_review(listing), live=bool(document.get("live"))),
        updated_at=document.get("upstream_updated_at"),
        pushed_at=listing.get("pushed_at"),
    )


async def read_numbers(database: Database, shop_key: str, chosen: ProductFilter) -> list[str]:
    """Numbers of all products of the shop that the filter takes, in order; from an index alone."""
    query = rows_query(shop_key, chosen)

    async def ask(hint: Mapping[str, Any]) -> list[str]:
        found = database["products"].find(query, {"_id": 1}, **hint).sort("_id", 1)
        return [str(one["_id"]).partition("/")[2] async for one in found]

    return await by_list(ask)


async def absent(database: Database, shop_key: str, product_nos: Sequence[str]) -> list[str]:
    """Which of these numbers the shop does not have, in the given order."""
    ids = [f"{shop_key}/{one}" for one in product_nos]
    there = {one["_id"] async for one in database["products"].find({"_id": {"$in": ids}}, {"_id": 1})}
    return [number for number, one in zip(product_nos, ids, strict=True) if one not in there]


def _listed(document: Document) -> ListedProduct:
    content, skus = document.get("content") or {}, document.get("skus") or []
    prices, stock = _prices(document), _stock(document)
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


def _prices(document: Document) -> list[int]:
    """Of the SKUs in whole yen; the product's own where none has one."""
    content = document.get("content") or {}
    own = [content["price"]] if content.get("price") else []
    return [sku["price"] for sku in document.get("skus") or [] if sku.get("price")] or own


def _stock(document: Document) -> list[int]:
    """Of the SKUs that have a number."""
    return [sku["stock"] for sku in document.get("skus") or [] if sku.get("stock") is not None]
