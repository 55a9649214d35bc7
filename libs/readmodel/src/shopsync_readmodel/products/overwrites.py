"""The dry run of 一括情報更新: which edits it would overwrite (RA-2, LY-2)."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopsync_contracts.pricing import price_range
from shopsync_readmodel.products.fields import futureshop_value
from shopsync_readmodel.products.product import StoredProduct, scan_products, snapshot_of
from shopsync_readmodel.runs.imports import last_import
from shopsync_readmodel.shops.settings import ShopSettings, require_shop
from shopsync_readmodel.stored.layers import UPSTREAM_FIELDS, read_layers
from shopsync_runtime.mongo import Database

_AT_ONCE = 20
"""Products between which others get their turn: the console answers its pages meanwhile."""


@dataclass(frozen=True, slots=True)
class Overwrite:
    """One edit in force and what would replace it. `as_of`: when futureshop's value was read.

    `sku_prices`: lowest and highest, when SKUs have prices of their own. `changes`: False when both values are equal.
    `untouched`: gone upstream, so the import does not see the product.
    """

    product_no: str
    name: str
    sync_enabled: bool
    field: str
    tool: Any
    edited_at: datetime | None
    futureshop: Any
    sku_prices: tuple[int, int] | None
    as_of: datetime | None
    changes: bool
    untouched: bool


@dataclass(frozen=True, slots=True)
class DryRun:
    """All edits of a shop. `last_import`: mode and end of the newest import that brought values, where known."""

    shop_key: str
    rows: tuple[Overwrite, ...]
    last_import: tuple[str, datetime] | None

    @property
    def falling(self) -> tuple[Overwrite, ...]:
        """The edits that would be overwritten."""
        return tuple(row for row in self.rows if not row.untouched)

    @property
    def untouched(self) -> tuple[Overwrite, ...]:
        """The edits of products gone upstream, which would stay."""
        return tuple(row for row in self.rows if row.untouched)

    def counts(self) -> dict[str, int]:
        """Numbers of products and edits."""
        counted = _Counted()
        for row in self.rows:
            counted.add(row)
        return counted.numbers()


@dataclass(frozen=True, slots=True)
class Summary:
    """The same numbers, and the first edits that would be overwritten."""

    counts: dict[str, int]
    first: tuple[Overwrite, ...]


class _Counted:
    """Numbers of products and edits, edit by edit."""

    def __init__(self) -> None:
        self._edits = Counter[str]()
        self._products: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, row: Overwrite) -> None:
        if row.untouched:
            self._products["untouched"].add(row.product_no)
            return
        self._edits.update(["all"] if row.changes else ["all", "change_nothing"])
        self._products["all"].add(row.product_no)
        if row.sync_enabled:
            self._products["on"].add(row.product_no)

    def numbers(self) -> dict[str, int]:
        return {
            "products": len(self._products["all"]),
            "edits": self._edits["all"],
            "edits_that_change_nothing": self._edits["change_nothing"],
            "products_on": len(self._products["on"]),
            "products_untouched": len(self._products["untouched"]),
        }


async def read_summary(database: Database, shop_key: str, limit: int) -> Summary:
    """What an import with `overwrite_all` would do now, however many values it would replace. Raises NoShop."""
    shop = await require_shop(database, shop_key)
    counted, first = _Counted(), list[Overwrite]()
    async for row in _overwrites(database, shop_key, shop):
        counted.add(row)
        if not row.untouched and len(first) < limit:
            first.append(row)
    return Summary(counted.numbers(), tuple(first))


async def read_dry_run(database: Database, shop_key: str) -> DryRun:
    """What an import with `overwrite_all` would do now. Raises NoShop."""
    shop = await require_shop(database, shop_key)
    rows = [row async for row in _overwrites(database, shop_key, shop)]
    return DryRun(shop_key, tuple(rows), await last_import(database, shop_key))


async def _overwrites(database: Database, shop_key: str, shop: ShopSettings | None) -> AsyncIterator[Overwrite]:
    edited = {"shop_key": shop_key, "edited_fields.0": {"$exists": True}}
    async for page in scan_products(database, edited, {"offsets": 0}):
        for place, document in enumerate(page):
            if not place % _AT_ONCE:
                await asyncio.sleep(0)
            snapshot, layers = snapshot_of(document), read_layers(document)
            found = StoredProduct(shop_key, snapshot.product_no, snapshot, layers, None, shop)
            for name in UPSTREAM_FIELDS:
                if name in snapshot.edited_fields:
                    yield _overwrite(found, name)


def _overwrite(found: StoredProduct, name: str) -> Overwrite:
    snapshot, upstream = found.snapshot, found.layers.upstream
    if snapshot is None:
        raise ValueError("only a product that is there can be overwritten")
    edit = found.layers.edits.get(name)
    # What is in force is the edit: the snapshot has it even where the layer cannot be read.
    tool, futureshop = getattr(snapshot.content, name), futureshop_value(found, name)
    product = upstream.product
    prices = price_range(product.model_dump(), found.tax) if name == "price" and product is not None else None
    return Overwrite(
        product_no=snapshot.product_no,
        name=snapshot.content.name,
        sync_enabled=snapshot.sync_enabled,
        field=name,
        tool=tool,
        edited_at=None if edit is None else edit.at,
        futureshop=futureshop,
        sku_prices=prices,
        as_of=upstream.taken_at,
        changes=tool != futureshop or prices is not None,
        untouched=snapshot.removed_upstream is not None,
    )
