"""One product field by field and SKU by SKU: what each layer says, and what is in force. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopsync_contracts.events import ProductSnapshot, SnapshotSku, UpstreamSku
from shopsync_contracts.pricing import product_price, sku_price
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.stored.layers import TOOL_FIELDS, UPSTREAM_FIELDS, SkuNo, SkuStock, Stamped
from shopsync_readmodel.times import show_time


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field in all layers. `standing` says what became of the tool's value; None when it has none."""

    field: str
    futureshop: Any
    tool: Any
    tool_at: datetime | None
    standing: str | None
    in_force: Any


@dataclass(frozen=True, slots=True)
class SkuRow:
    """One SKU in all layers; `is_upstream` is False for one that futureshop no longer has (VA-6)."""

    vertical_no: str
    horizontal_no: str
    name: str
    is_upstream: bool
    futureshop_price: int | None
    price: int | None
    stock_imported: int | None
    stock_unmanaged: bool
    stock_edit: int | None
    stock_edited_at: datetime | None
    stock: int | None
    stock_sent: int | None
    tiktok_sku_id: str | None


def field_rows(found: StoredProduct) -> tuple[FieldRow, ...]:
    """Every field that can be edited, except stock: futureshop's first, then the tool-only ones."""
    return (*_upstream_rows(found), *_tool_rows(found))


def _upstream_rows(found: StoredProduct) -> Iterator[FieldRow]:
    snapshot = found.snapshot
    for name in UPSTREAM_FIELDS:
        edit = found.layers.edits.get(name)
        yield FieldRow(
            field=name,
            futureshop=futureshop_value(found, name),
            tool=None if edit is None else edit.value,
            tool_at=None if edit is None else edit.at,
            standing=None if edit is None else _what_became(found, name, edit),
            in_force=None if snapshot is None else getattr(snapshot.content, name),
        )


def _what_became(found: StoredProduct, name: str, edit: Stamped) -> str:
    if edit.value is None:
        return "withdrawn"
    if found.snapshot is not None and name in found.snapshot.edited_fields:
        return "stands"
    return f"overwritten by the import of {show_time(found.layers.upstream.taken_at)}"


def _tool_rows(found: StoredProduct) -> Iterator[FieldRow]:
    for name in TOOL_FIELDS:
        entered = found.layers.tool.get(name)
        yield FieldRow(
            field=name,
            futureshop=None,
            tool=None if entered is None else entered.value,
            tool_at=None if entered is None else entered.at,
            standing=None if entered is None else "cleared" if entered.value is None else "tool-only",
            in_force=None if found.snapshot is None else _merged(found.snapshot, name),
        )


def _merged(snapshot: ProductSnapshot, name: str) -> Any:
    outer, _, side = name.partition(".")
    value = snapshot.content.model_dump(mode="json")[outer]
    return value.get(side) if isinstance(value, dict) else value


def futureshop_value(found: StoredProduct, name: str) -> Any:
    """What an overwrite would bring, the price as the buyer sees it; None when the layer cannot be read."""
    product = found.layers.upstream.product
    if product is None:
        return None
    return product_price(product.model_dump(), found.tax) if name == "price" else getattr(product, name)


def sku_rows(found: StoredProduct) -> tuple[SkuRow, ...]:
    """The SKUs in futureshop's order, then those whose stock is remembered although they are gone."""
    product = found.layers.upstream.product
    upstream = {(sku.vertical_no, sku.horizontal_no): sku for sku in (product.skus if product is not None else ())}
    merged = {(sku.vertical_no, sku.horizontal_no): sku for sku in (found.snapshot.skus if found.snapshot else ())}
    numbers = dict.fromkeys((*merged, *found.layers.stock))
    return tuple(_sku_row(found, number, merged.get(number), upstream.get(number)) for number in numbers)


def _sku_row(found: StoredProduct, number: SkuNo, sku: SnapshotSku | None, upstream: UpstreamSku | None) -> SkuRow:
    product = found.layers.upstream.product
    stock = found.layers.stock.get(number) or SkuStock(None, unmanaged=False, edit=None, sent=None)
    return SkuRow(
        vertical_no=number[0],
        horizontal_no=number[1],
        name="" if sku is None else " ".join(filter(None, (sku.vertical_name, sku.horizontal_name))),
        is_upstream=sku is not None,
        futureshop_price=None
        if product is None or upstream is None
        else sku_price(product.model_dump(), upstream.model_dump(), found.tax),
        price=None if sku is None else sku.price,
        stock_imported=stock.imported,
        stock_unmanaged=stock.unmanaged,
        stock_edit=None if stock.edit is None else stock.edit.value,
        stock_edited_at=None if stock.edit is None else stock.edit.at,
        stock=None if sku is None else sku.stock,
        stock_sent=stock.sent,
        tiktok_sku_id=None if sku is None else sku.tiktok_sku_id,
    )
