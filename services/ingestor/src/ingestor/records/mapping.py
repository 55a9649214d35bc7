"""Converts source records to contract values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from ingestor.records.preorder import sale_form
from ingestor.records.source_map import Record, SourceMap
from ingestor.records.values import Unreadable, flag, in_reach, items, stamp, text, whole
from shopsync_contracts import describe
from shopsync_contracts.events import MAX_SKUS, UpstreamProduct
from shopsync_contracts.times import CLOCK_TOLERANCE

Combination = tuple[str, str]
"""(vertical_no, horizontal_no), 縦軸枝番 and 横軸枝番."""

Members = dict[str, Any]
"""A part of the contract's product as plain values, under the names and in the order of its model."""

_TEXTS_OF_A_SKU = ("sku.vertical_no", "sku.horizontal_no", "sku.vertical_name", "sku.horizontal_name", "sku.jan_code")


@dataclass(frozen=True, slots=True)
class Stock:
    """Stock of one product from inventorySearch: counts per combination, or why it is unreadable."""

    regular: Mapping[Combination, int | None] = field(default_factory=dict)
    preorder: Mapping[Combination, int | None] = field(default_factory=dict)
    problem: str | None = None


def to_stock(record: Record, table: SourceMap) -> Stock:
    """Read one record of inventorySearch. Never raises: a bad count must only affect its product, not the page."""
    try:
        return Stock(_counts(record, table, "stock"), _counts(record, table, "preorder_stock"))
    except Unreadable as problem:
        return Stock(problem=str(problem))


def to_product(record: Record, stock: Stock | None, table: SourceMap, *, observed_at: datetime) -> bytes:
    """Convert one record of productsSearch, with its stock, to the contract's product, `UpstreamProduct`, in JSON.

    Raises Unreadable with the invalid field. `observed_at` (aware) decides whether a pre-order period is active (Q6,
    Q8) and which timestamps are in the future. `stock` is None if inventorySearch does not list the product.
    """
    managed = _needed(flag, record, table, "stock_managed")
    if managed and stock is None:
        raise Unreadable("inventory", "stock is managed, but the stock search does not list the product")
    if stock is not None and stock.problem is not None:
        raise Unreadable("inventory", stock.problem)
    tax_included, rate = _read(flag, record, table, "tax.included"), _read(whole, record, table, "tax.rate_percent")
    visible = _read(flag, record, table, "visible")
    return _checked(
        {
            "updated_at": _update_time(record, table, observed_at),
            "created_at": in_reach(_read(stamp, record, table, "created_at")),
            "name": text(*table.value(record, "name")),
            "description": text(*table.value(record, "description")),
            "images": _images(record, table),
            "visible": True if visible is None else visible,
            "sale_form": sale_form(record, table, observed_at),
            "regular_price": _read(whole, record, table, "regular_price"),
            "preorder_price": _read(whole, record, table, "preorder_price"),
            "tax": None if tax_included is None and rate is None else _tax(tax_included, rate),
            "stock_managed": managed,
            "axes": _axes(record, table),
            "skus": _skus(record, stock if managed and stock else Stock(), table),
        }
    )


def _checked(product: Members) -> bytes:
    """The product in JSON, once its model takes it. Raises Unreadable.

    The model reads the very bytes that are sent: to build its parts from Python and to write them again takes five
    times as long.
    """
    written = orjson.dumps(product, option=orjson.OPT_UTC_Z)
    try:
        UpstreamProduct.model_validate_json(written)
    except ValidationError as error:
        raise Unreadable("product", describe(error)) from None
    return written


def _tax(included: bool | None, rate: int | None) -> Members:
    return {"included": included, "rate_percent": rate, "rounding": None}


def _read(reader: Any, record: Record, table: SourceMap, target: str) -> Any:
    return reader(*table.value(record, target))


def _needed(reader: Any, record: Record, table: SourceMap, target: str) -> Any:
    value, name = table.value(record, target)
    found = reader(value, name)
    if found is None:
        raise Unreadable(name, "is missing" if value is None else "stands for no value, but must have one", value)
    return found


def _update_time(record: Record, table: SourceMap, now: datetime) -> datetime:
    moment: datetime = _needed(stamp, record, table, "updated_at")
    if moment > now + CLOCK_TOLERANCE:
        value, name = table.value(record, "updated_at")
        raise Unreadable(name, "lies in the future", value)
    return moment


def _images(record: Record, table: SourceMap) -> list[str]:
    images = table.columns("image.url")
    found = (
        text(url, *images.names) for image in items(*table.value(record, "images")) for url in images.values(image)
    )
    return [url for url in found if url]


def _axes(record: Record, table: SourceMap) -> Members | None:
    vertical = text(*table.value(record, "axes.vertical")) or None
    horizontal = text(*table.value(record, "axes.horizontal")) or None
    return {"vertical": vertical, "horizontal": horizontal} if vertical or horizontal else None


def _skus(record: Record, stock: Stock, table: SourceMap) -> list[Members]:
    value, name = table.value(record, "skus")
    listed = items(value, name)
    if not listed:
        if _read(flag, record, table, "has_variations"):
            raise Unreadable(name, "the product has variations but no SKU")
        listed = [{}]
    if len(listed) > MAX_SKUS:
        raise Unreadable(name, f"has {len(listed)} SKUs, at most {MAX_SKUS} are allowed (VA-2)")
    prices = _by_combination(record, table, "sku_prices", "sku_price", "price")
    columns = table.columns(*_TEXTS_OF_A_SKU)
    skus: list[Members] = []
    for item in listed:
        vertical_no, horizontal_no, vertical, horizontal, jan = map(text, columns.values(item), columns.names)
        combination = vertical_no, horizontal_no
        skus.append(
            {
                "vertical_no": vertical_no,
                "horizontal_no": horizontal_no,
                "vertical_name": vertical,
                "horizontal_name": horizontal,
                "jan_code": jan,
                "price": prices.get(combination),
                "stock": stock.regular.get(combination),
                "preorder_stock": stock.preorder.get(combination),
            }
        )
    return skus


def _counts(record: Record, table: SourceMap, target: str) -> dict[Combination, int | None]:
    return _by_combination(record, table, target, "stock", "count")


def _by_combination(
    record: Record, table: SourceMap, target: str, prefix: str, member: str
) -> dict[Combination, int | None]:
    value, name = table.value(record, target)
    columns = table.columns(f"{prefix}.vertical_no", f"{prefix}.horizontal_no", f"{prefix}.{member}")
    at_vertical, at_horizontal, at_number = columns.names
    found: dict[Combination, int | None] = {}
    for item in items(value, name):
        vertical, horizontal, number = columns.values(item)
        combination = text(vertical, at_vertical), text(horizontal, at_horizontal)
        found[combination] = whole(number, f"{name}.{at_number}")
    return found
