"""Which source field feeds which contract field: one table, and what is built from it. Pure.

futureshop's names for prices, pre-order, images, descriptions and the update time are not public: the table can be
changed by configuration without touching code. Member, stage, list and body prices have no row and may never get one
(PR-4 to PR-6, NV-6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from ingestor.records.values import LATEST, Unreadable, at, flag, items, stamp, text, whole
from shopsync_contracts import describe
from shopsync_contracts.events import MAX_SKUS, Axes, SaleForm, Tax, UpstreamProduct, UpstreamSku

Record = Mapping[str, Any]
Combination = tuple[str, str]
"""(vertical_no, horizontal_no), 縦軸枝番 and 横軸枝番."""

TABLE: Mapping[str, str | None] = MappingProxyType(
    {
        # productsSearch, per product
        "product_no": "productNo",
        "upstream_id": "id",
        "updated_at": "dateUpdated",
        "created_at": "dateCreated",
        "name": "name",
        "description": "comment.main",
        "images": "image.list",
        "image.url": "url",
        "visible": "visible",
        "regular_price": "unitPrice",
        "preorder.enabled": "preorder.enabled",
        "preorder.start": "preorder.periodStart",
        "preorder.end": "preorder.periodEnd",
        "preorder_price": "preorder.price",
        "tax.included": "taxEnabled",
        "tax.rate_percent": "taxRate",
        "stock_managed": "inventoryEnabled",
        "axes.vertical": "variation.verticalName",
        "axes.horizontal": "variation.horizontalName",
        "has_variations": "variationEnabled",
        "skus": "variation.skuList",
        "sku.vertical_no": "verticalNo",
        "sku.horizontal_no": "horizontalNo",
        "sku.vertical_name": "verticalName",
        "sku.horizontal_name": "horizontalName",
        "sku.jan_code": "janCode",
        "sku_prices": "optionPriceList",
        "sku_price.vertical_no": "verticalNo",
        "sku_price.horizontal_no": "horizontalNo",
        "sku_price.price": "unitPrice",
        # inventorySearch, per product
        "stock": "inventoryInfo.regular.inventoryList",
        "preorder_stock": "inventoryInfo.preorder.inventoryList",
        "stock.vertical_no": "verticalNo",
        "stock.horizontal_no": "horizontalNo",
        "stock.count": "count",
    }
)

NEVER_READ = frozenset({"memberPrice", "memberStagePrices", "listPrice", "bodyPrice"})
"""Source fields that must not reach the contract, whatever the configuration says (NV-6)."""

FUTURE_TOLERANCE = timedelta(minutes=5)
"""How far a stamp may lie ahead of our clock; the catalog refuses what is further."""


_LAST_SECOND = time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class SourceMap:
    """The table in force. `paths`: contract field → dotted source path; None where the source has no such field."""

    paths: Mapping[str, str | None] = field(default_factory=lambda: TABLE)
    _places: Mapping[str, tuple[tuple[str, ...], str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places = {
            target: (tuple(path.split(".")), path) if path else ((), f"({target})")
            for target, path in self.paths.items()
        }
        object.__setattr__(self, "_places", places)

    def adjusted(self, changes: Mapping[str, str | None]) -> "SourceMap":
        """The table with some rows replaced. Raises ValueError naming a row that is unknown or forbidden."""
        for target, path in changes.items():
            if target not in TABLE:
                raise ValueError(f"{target}: there is no such contract field; known are {', '.join(sorted(TABLE))}")
            if path is not None and NEVER_READ.intersection(path.split(".")):
                raise ValueError(f"{target}: {path} may never be read: member, stage, list and body prices stay out")
        return SourceMap({**self.paths, **changes})

    def value(self, record: Record, target: str) -> tuple[Any, str]:
        """(value, name of the source field) for one contract field."""
        steps, name = self._places[target]
        return at(record, steps), name


@dataclass(frozen=True, slots=True)
class Stock:
    """What inventorySearch says about one product: counts per combination, or the problem that made it unreadable."""

    regular: Mapping[Combination, int | None] = field(default_factory=dict)
    preorder: Mapping[Combination, int | None] = field(default_factory=dict)
    problem: str | None = None


def to_stock(record: Record, table: SourceMap) -> Stock:
    """Read one record of inventorySearch. Never raises: a bad count is the product's problem, not the page's."""
    try:
        return Stock(_counts(record, table, "stock"), _counts(record, table, "preorder_stock"))
    except Unreadable as problem:
        return Stock(problem=str(problem))


def to_product(record: Record, stock: Stock | None, table: SourceMap, *, observed_at: datetime) -> UpstreamProduct:
    """One record of productsSearch with its stock as the contract has it.

    Raises Unreadable naming the field at fault. `observed_at` (aware) decides whether a pre-order period is in
    force (Q6, Q8) and which stamps lie in the future. `stock` None: inventorySearch does not list the product.
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
            created_at=_in_reach(_read(stamp, record, table, "created_at")),
            name=text(*table.value(record, "name")),
            description=text(*table.value(record, "description")),
            images=_images(record, table),
            visible=True if visible is None else visible,
            sale_form=_sale_form(record, table, observed_at),
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


def _in_reach(moment: datetime | None) -> datetime | None:
    """The moment; None for a placeholder far ahead, which says nothing about when something happened."""
    return None if moment == LATEST else moment


def _update_time(record: Record, table: SourceMap, now: datetime) -> datetime:
    moment: datetime = _needed(stamp, record, table, "updated_at")
    if moment > now + FUTURE_TOLERANCE:
        value, name = table.value(record, "updated_at")
        raise Unreadable(name, "lies in the future", value)
    return moment


def _sale_form(record: Record, table: SourceMap, now: datetime) -> SaleForm:
    """予約販売 while it is switched on and its period is in force; an open end has no limit (Q6, Q8, PR-13)."""
    if not _read(flag, record, table, "preorder.enabled"):
        return "regular"
    begins, ends = preorder_edges(record, table)
    began = begins is None or begins <= now
    return "preorder" if began and (ends is None or now < ends) else "regular"


def preorder_edges(record: Record, table: SourceMap) -> tuple[datetime | None, datetime | None]:
    """When 予約販売期間 (the pre-order period) begins, and the first moment after it; None is an open edge.

    A start that is far ahead never comes: it is LATEST, not open. Raises Unreadable.
    """
    begins = _read(stamp, record, table, "preorder.start")
    last = _in_reach(stamp(*table.value(record, "preorder.end"), time_of_day=_LAST_SECOND))
    # The last second counts: 23:59:59 means until midnight.
    return begins, last + timedelta(seconds=1) if last is not None else None


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
