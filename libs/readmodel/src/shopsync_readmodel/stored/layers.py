"""The layers beneath a product of the catalogue: what each source said of it.

Only the snapshot's members are a promise (ProductSnapshot.from_document). The layers belong to the catalogue, so any
member may be missing here and reads as None or empty. A test stores products with the catalogue's own code and fails
when the two forms differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from shopsync_contracts.events import UpstreamProduct
from shopsync_contracts.ownership import Owner, fields_of
from shopsync_contracts.stored import read_stored

Document = Mapping[str, Any]
SkuNo = tuple[str, str]

UPSTREAM_FIELDS: Final = fields_of(Owner.UPSTREAM)
TOOL_FIELDS: Final = fields_of(Owner.TOOL)


@dataclass(frozen=True, slots=True)
class Stamped:
    """A value, and the time its writer gave it."""

    value: Any
    at: datetime | None


@dataclass(frozen=True, slots=True)
class AbsenceProof:
    """The enumeration that did not see the product."""

    enumeration_id: str | None
    started_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class UpstreamLayer:
    """What futureshop says. `taken_at`: when the values in force were read; `observed_at`: when it was last seen."""

    product: UpstreamProduct | None = None
    taken_at: datetime | None = None
    observed_at: datetime | None = None
    removal: AbsenceProof | None = None


@dataclass(frozen=True, slots=True)
class SkuStock:
    """Stock of one SKU, also of one that is gone upstream. `sent`: the number of its first push (ST-3)."""

    imported: int | None
    unmanaged: bool
    edit: Stamped | None
    sent: int | None


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """The result of the last push."""

    kind: str | None
    content_version: int | None
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """What TikTok last said of the listing; `occurred_at` None: it came with the reply to the push."""

    state: str | None
    content_version: int | None
    occurred_at: datetime | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListingLayer:
    """What is known of the listing at TikTok Shop."""

    tiktok_product_id: str | None = None
    outcome: PushOutcome | None = None
    review: Review | None = None
    pushed_content_version: int | None = None
    pushed_at: datetime | None = None
    live: bool = False


@dataclass(frozen=True, slots=True)
class Layers:
    """All layers of one product. `edits` holds overwritten and withdrawn ones too; the snapshot names those in force.

    `born_after`: when an earlier product of that number was deleted; None when there was none (DL-13).
    """

    upstream: UpstreamLayer = UpstreamLayer()
    edits: Mapping[str, Stamped] = field(default_factory=dict)
    tool: Mapping[str, Stamped] = field(default_factory=dict)
    stock: Mapping[SkuNo, SkuStock] = field(default_factory=dict)
    target: Stamped | None = None
    listing: ListingLayer = ListingLayer()
    born_after: datetime | None = None


def read_layers(document: Document) -> Layers:
    """The layers of a document of `products`."""
    return Layers(
        upstream=_upstream(_part(document, "upstream")),
        edits=_stamps(document, "edits"),
        tool=_stamps(document, "tool"),
        stock={_number(entry): _stock(entry) for entry in _entries(document, "stock")},
        target=_stamped(document.get("target")),
        listing=_listing(_part(document, "listing")),
        born_after=document.get("born_after"),
    )


def _upstream(part: Document) -> UpstreamLayer:
    removal = part.get("removal")
    return UpstreamLayer(
        product=_product(part.get("product")),
        taken_at=part.get("taken_at"),
        observed_at=part.get("observed_at"),
        removal=None
        if removal is None
        else AbsenceProof(removal.get("enumeration_id"), removal.get("started_at"), removal.get("completed_at")),
    )


def _product(document: Any) -> UpstreamProduct | None:
    try:
        return read_stored(UpstreamProduct, document)
    except ValidationError:
        return None


def _stock(entry: Document) -> SkuStock:
    return SkuStock(
        imported=entry.get("imported"),
        unmanaged=bool(entry.get("unmanaged")),
        edit=_stamped(entry.get("edit")),
        sent=entry.get("sent"),
    )


def _listing(part: Document) -> ListingLayer:
    outcome = part.get("outcome")
    return ListingLayer(
        tiktok_product_id=part.get("tiktok_product_id"),
        outcome=None
        if outcome is None
        else PushOutcome(outcome.get("kind"), outcome.get("content_version"), tuple(outcome.get("missing") or ())),
        review=read_review(part),
        pushed_content_version=part.get("pushed_content_version"),
        pushed_at=part.get("pushed_at"),
        live=bool(part.get("live")),
    )


def read_review(listing: Document) -> Review | None:
    """The member `review` of a document's `listing`."""
    review = listing.get("review")
    if review is None:
        return None
    reasons = tuple(str(one.get("reason") or "") for one in _entries(review, "reasons"))
    return Review(review.get("state"), review.get("content_version"), review.get("occurred_at"), reasons)


def _stamps(document: Document, name: str) -> dict[str, Stamped]:
    return {str(entry.get("field")): Stamped(entry.get("value"), entry.get("at")) for entry in _entries(document, name)}


def _stamped(part: Document | None) -> Stamped | None:
    return None if part is None else Stamped(part.get("value"), part.get("at"))


def _number(entry: Document) -> SkuNo:
    return str(entry.get("vertical_no") or ""), str(entry.get("horizontal_no") or "")


def _part(document: Document, name: str) -> Document:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def _entries(document: Document, name: str) -> list[Document]:
    found = document.get(name)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []
