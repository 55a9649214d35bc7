"""Converts source records to contract values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from ingestor.records.preorder import sale_form
from ingestor.records.source_map import Record, SourceMap
from ingestor.records.values import Unreadable, flag, in_reach, items, stamp, text, whole
from shopsync_contracts import describe
from shopsync_contracts.events import MAX_SKUS, Axes, Tax, UpstreamProduct, UpstreamSku
from shopsync_contracts.times import CLOCK_TOLERANCE

Combination = tuple[str, str]
"""(vertical_no, horizontal_no), 縦軸枝番 and 横軸枝番."""


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


def to_product(record: Record, stock: Stock | None, table: SourceMap, *, observed_at: datetime) -> UpstreamProduct:
    """Convert one record of productsSearch, with its stock, to the contract's product.

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
    try:
        return UpstreamProduct(
            updated_at=_update_time(record, table, observed_at),
            created_at=in_reach(_read(stamp, record, table, "created_at")),
            name=text(*table.value(record, "name")),
            description=text(*table.value(record, "description")),
            images=_images(record, table),
            visible=True if visible is None else visible,
            sale_form=sale_form(record, table, observed_at),
            regular_price=_read(whole, record, table, "regular_price"),
            preorder_price=_read(whole, record, table, "preorder_price"),
            tax=None if tax_included is None and rate is None else Tax(included=tax_included, rate_percent=rate),
            stock_managed=managed,
            axes=_axes(record, table),
            skus=_skus(record, stock if managed and stock else Stock(), table),
        )
    except ValidationError as error:
        raise Unreadable("product", describe(error)) from None


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


def _images(record: Record, table: SourceMap) -> tuple[str, ...]:
    found = (text(*table.value(image, "image.url")) for image in items(*table.value(record, "images")))
    return tuple(url for url in found if url)


def _axes(record: Record, table: SourceMap) -> Axes | None:
    vertical = text(*table.value(record, "axes.vertical")) or None
    horizontal = text(*table.value(record, "axes.horizontal")) or None
    return Axes(vertical=vertical, horizontal=horizontal) if vertical or horizontal else None


def _skus(record: Record, stock: Stock, table: SourceMap) -> tuple[UpstreamSku, ...]:
    value, name = table.value(record, "skus")
    listed = items(value, name)
    if not listed:
        if _read(flag, record, table, "has_variations"):
            raise Unreadable(name, "the product has variations but no SKU")
        listed = [{}]
    if len(listed) > MAX_SKUS:
        raise Unreadable(name, f"has {len(listed)} SKUs, at most {MAX_SKUS} are allowed (VA-2)")
    prices = _by_combination(record, table, "sku_prices", "sku_price", "price")
    return tuple(_sku(sku, prices, stock, table) for sku in listed)


def _sku(sku: Record, prices: Mapping[Combination, int | None], stock: Stock, table: SourceMap) -> UpstreamSku:
    combination = _combination(sku, table, "sku")
    return UpstreamSku(
        vertical_no=combination[0],
        horizontal_no=combination[1],
        vertical_name=text(*table.value(sku, "sku.vertical_name")),
        horizontal_name=text(*table.value(sku, "sku.horizontal_name")),
        jan_code=text(*table.value(sku, "sku.jan_code")),
        price=prices.get(combination),
        stock=stock.regular.get(combination),
        preorder_stock=stock.preorder.get(combination),
    )


def _counts(record: Record, table: SourceMap, target: str) -> dict[Combination, int | None]:
    return _by_combination(record, table, target, "stock", "count")


def _by_combination(
    record: Record, table: SourceMap, target: str, prefix: str, member: str
) -> dict[Combination, int | None]:
    value, name = table.value(record, target)
    found: dict[Combination, int | None] = {}
    for item in items(value, name):
        number, at_field = table.value(item, f"{prefix}.{member}")
        found[_combination(item, table, prefix)] = whole(number, f"{name}.{at_field}")
    return found


def _combination(item: Record, table: SourceMap, prefix: str) -> Combination:
    return (
        text(*table.value(item, f"{prefix}.vertical_no")),
        text(*table.value(item, f"{prefix}.horizontal_no")),
    )
