"""One product as 商品詳細 shows it, without its form. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from console.errors import NoSuchPage
from console.forms.fields import UPSTREAM, missing_fields
from console.forms.missing import fields_of
from shopsync_contracts.events import ProductSnapshot
from shopsync_readmodel.actors import Cause
from shopsync_readmodel.products.causes import causes
from shopsync_readmodel.products.fields import FieldRow, SkuRow, field_rows, sku_rows
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.products.sale import Sale, sale_of
from shopsync_readmodel.products.sent_values import Sent, notes_on, other_notes, sent_value
from shopsync_readmodel.products.timeline import Happening, timeline
from shopsync_readmodel.statuses import StatusName
from shopsync_readmodel.words import Words

_FIELDS = (
    "category_id",
    "brand_id",
    "attributes",
    "package_weight_g",
    "package_dimensions_cm",
    "name",
    "price",
    "images",
    "description",
    "size_chart_image",
)
_SELLER_CENTER = "https://seller-jp.tiktok.com/product/edit/"


@dataclass(frozen=True, slots=True)
class Layers:
    """One field in its layers. `edit_at`: of an edit in force; `fallen_at`: of one that an import overwrote.

    `entered_at`: of a value that is the tool's alone. `notes`: what was left out of it when it was sent, or changed.
    """

    name: str
    is_upstream: bool
    futureshop: Any
    edit_at: datetime | None
    fallen_at: datetime | None
    entered_at: datetime | None
    sent: Sent
    notes: tuple[Words, ...]
    is_missing: bool
    is_blank: bool


@dataclass(frozen=True, slots=True)
class ProductView:
    """`missing` and `others`: the names of the form's fields, in the order in which they are shown.

    `gaps`: names of inputs that lack a value after what was entered is saved; `demanded`: of those that are blank and
    that the category requires.
    """

    snapshot: ProductSnapshot
    status: StatusName
    causes: tuple[Cause, ...]
    missing: tuple[str, ...]
    others: tuple[str, ...]
    layers: dict[str, Layers]
    skus: tuple[SkuRow, ...]
    happened: tuple[Happening, ...]
    seller_center: str | None
    sale: Sale
    sent_notes: tuple[Words, ...]
    stock_is_missing: bool
    missing_attributes: frozenset[str]
    gaps: tuple[str, ...] = ()
    demanded: tuple[str, ...] = ()

    @property
    def gaps_named(self) -> tuple[str, ...]:
        """Of the SKUs the first one stands for all."""
        stock = [name for name in self.gaps if name.startswith("stock.")]
        return tuple(name for name in self.gaps if name not in stock[1:])

    @property
    def sent_names(self) -> tuple[str, ...]:
        """Of the fields that were not sent as they are."""
        return tuple(name for name, one in self.layers.items() if one.notes)

    @property
    def has_sent_stock(self) -> bool:
        """Whether a number cannot be changed here any more."""
        return any(row.stock_sent is not None for row in self.skus)


def view_of(
    found: StoredProduct,
    now: datetime,
    *,
    demanded: Sequence[str] = (),
    gaps: Sequence[str] | None = None,
    attributes: Mapping[str, str] | None = None,
) -> ProductView:
    """`demanded`: blank inputs that its category requires. Raises NoSuchPage for one not in the tool.

    `gaps`: inputs that lack a value after what was entered; they count in place of what is stored. `attributes`: names
    of TikTok's attributes by their ids, as far as they are known.
    """
    snapshot = found.snapshot
    if snapshot is None:
        raise NoSuchPage("the product is not in the tool")
    if gaps is None:
        missing = missing_fields(snapshot) | fields_of(demanded)
        unnamed = frozenset(
            path.removeprefix("attributes.") for path in snapshot.missing if path.startswith("attributes.")
        )
    else:
        missing, unnamed = fields_of(gaps), frozenset(name.removeprefix("a.") for name in gaps)
    rows = {row.field: row for row in field_rows(found)}
    listing = snapshot.tiktok_product_id
    return ProductView(
        snapshot=snapshot,
        status=StatusName(snapshot.status),
        causes=causes(found, now, attributes),
        missing=tuple(name for name in _FIELDS if name in missing),
        others=tuple(name for name in _FIELDS if name not in missing),
        layers={name: _layers(name, found, snapshot, rows, is_missing=name in missing) for name in _FIELDS},
        skus=sku_rows(found),
        happened=timeline(found),
        seller_center=None if listing is None else f"{_SELLER_CENTER}{quote(listing, safe='')}",
        sale=sale_of(found, snapshot),
        sent_notes=other_notes(found, _FIELDS),
        stock_is_missing="stock" in missing,
        missing_attributes=unnamed,
        gaps=tuple(gaps or ()),
        demanded=tuple(demanded),
    )


def _layers(
    name: str, found: StoredProduct, snapshot: ProductSnapshot, rows: dict[str, FieldRow], *, is_missing: bool
) -> Layers:
    own = [row for field, row in rows.items() if field == name or field.startswith(f"{name}.")]
    at = max((row.tool_at for row in own if row.tool_at is not None and row.tool is not None), default=None)
    is_upstream, is_edited = name in UPSTREAM, name in snapshot.edited_fields
    return Layers(
        name=name,
        is_upstream=is_upstream,
        futureshop=own[0].futureshop if is_upstream and own else None,
        edit_at=at if is_edited else None,
        fallen_at=at if is_upstream and not is_edited else None,
        entered_at=None if is_upstream else at,
        sent=sent_value(found, name),
        notes=notes_on(found, name),
        is_missing=is_missing,
        is_blank=all(row.in_force in (None, "", (), []) for row in own),
    )
