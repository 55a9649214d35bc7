"""The table of source fields for the contract's fields.

futureshop's names for prices, pre-order, images, descriptions and the update time are not public, so the configuration
can change the table. Member, stage, list and body prices have no row and may never get one (PR-4 to PR-6, NV-6).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ingestor.records.values import at

Record = Mapping[str, Any]

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


@dataclass(frozen=True, slots=True)
class SourceMap:
    """The table. `paths`: contract field → dotted source path; None where the source has no such field."""

    paths: Mapping[str, str | None] = field(default_factory=lambda: TABLE)
    _places: Mapping[str, tuple[tuple[str, ...], str]] = field(init=False, repr=False, compare=False)
    _columns: dict[tuple[str, ...], "Columns"] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        places = {
            target: (tuple(path.split(".")), path) if path else ((), f"({target})")
            for target, path in self.paths.items()
        }
        object.__setattr__(self, "_places", places)

    def adjusted(self, changes: Mapping[str, str | None]) -> "SourceMap":
        """The table with some rows replaced. Raises ValueError for an unknown or forbidden row."""
        for target, path in changes.items():
            if target not in TABLE:
                raise ValueError(f"{target}: there is no such contract field; known are {', '.join(sorted(TABLE))}")
            if path is not None and NEVER_READ.intersection(path.split(".")):
                raise ValueError(f"{target}: {path} may never be read: member, stage, list and body prices stay out")
        return SourceMap({**self.paths, **changes})

    def value(self, record: Record, target: str) -> tuple[Any, str]:
        """(value, name of the source field) for one contract field."""
        steps, name = self._places[target]
        return (record.get(steps[0]) if len(steps) == 1 else at(record, steps)), name

    def columns(self, *targets: str) -> "Columns":
        """How to read these contract fields of the objects of a list, of which a page has thousands."""
        known = self._columns.get(targets)
        if known is None:
            known = self._columns[targets] = self._read_columns(targets)
        return known

    def _read_columns(self, targets: tuple[str, ...]) -> "Columns":
        places = [self._places[target] for target in targets]
        steps, names = tuple(path for path, _ in places), tuple(name for _, name in places)
        if all(len(path) == 1 for path in steps):
            keys = tuple(path[0] for path in steps)
            return Columns(lambda item: map(item.get, keys), names)
        return Columns(lambda item: (at(item, path) for path in steps), names)


@dataclass(frozen=True, slots=True)
class Columns:
    """`values` reads some fields of an object, in order; `names` are those of the source fields."""

    values: Callable[[Record], Iterable[Any]]
    names: tuple[str, ...]
