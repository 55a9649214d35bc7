"""Converts the layers to documents and back. A product document is its snapshot's members plus the inner layers."""

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, TypeVar

from catalog.rules.model import (
    AppliedOffset,
    Listing,
    Members,
    Partition,
    PushOutcome,
    Record,
    Removal,
    Review,
    SkuNo,
    SkuStock,
    Snapshot,
    State,
    Tombstone,
    Upstream,
    with_lists,
)
from catalog.rules.stamps import Stamped
from shopsync_contracts.events import (
    FormerListing,
    ProductSnapshot,
    Reason,
    SnapshotContent,
    SnapshotError,
    SnapshotSku,
    UpstreamProduct,
    UpstreamSku,
)
from shopsync_contracts.stored import read_stored

Document = dict[str, Any]
T = TypeVar("T")

_SNAPSHOT = tuple(ProductSnapshot.model_fields)
_SNAPSHOT_NAMES = frozenset(_SNAPSHOT)
_snapshot_values = itemgetter(*_SNAPSHOT)
_CONTENT = tuple(SnapshotContent.model_fields)
_SNAPSHOT_SKU = tuple(SnapshotSku.model_fields)
_PRODUCT = tuple(UpstreamProduct.model_fields)
_UPSTREAM_SKU = tuple(UpstreamSku.model_fields)


def product_id(shop_key: str, product_no: str) -> str:
    """`_id` of everything that is stored per product. Neither part can contain '/'."""
    return f"{shop_key}/{product_no}"


def product_document(state: State, *, revision: int, writer: str) -> Document:
    """A document of `products`. `revision` grows with every write and guards it; `writer` identifies the write."""
    record, snapshot = state.record, state.snapshot
    if record is None or snapshot is None:
        raise ValueError("only a product that is there has a document")
    return {
        "_id": product_id(record.shop_key, record.product_no),
        **snapshot,
        "revision": revision,
        "writer": writer,
        "upstream": _upstream_out(record.upstream),
        **{name: write(getattr(record, name)) for name, write in _LAYERS.items()},
        "born_after": record.born_after,
        "first_version": record.first_version,
        "first_content_version": record.first_content_version,
        "offsets": _offsets_out(state.applied),
    }


def read_product(document: Mapping[str, Any]) -> State:
    """The state that `product_document` wrote."""
    snapshot = _snapshot_in(document)
    former = snapshot["former_listing"]
    record = Record(
        shop_key=document["shop_key"],
        product_no=document["product_no"],
        upstream=_upstream_in(document["upstream"]),
        edits=_stamps_in(document["edits"]),
        tool=_stamps_in(document["tool"]),
        stock=dict(_stock_in(entry) for entry in document["stock"]),
        target=_stamped_in(document["target"]),
        listing=_listing_in(document["listing"]),
        former_listing=None if former is None else read_stored(FormerListing, former),
        born_after=document.get("born_after"),
        first_version=document["first_version"],
        first_content_version=document["first_content_version"],
    )
    return State(record=record, snapshot=snapshot, applied=_offsets_in(document["offsets"]))


def layer_changes(before: State, after: State) -> Document:
    """What `product_document` would write otherwise, in the form of `$set`, when the snapshot is the same.

    Layers that were not touched are the same objects.
    """
    record, known = after.record, before.record
    if record is None or known is None or after.snapshot is not before.snapshot:
        raise ValueError("only what readers do not see is written in part")
    changes: Document = {"offsets": _offsets_out(after.applied)}
    if record.upstream is not known.upstream:
        changes |= {f"upstream.{name}": value for name, value in _upstream_out(record.upstream).items()}
        if record.upstream.product is known.upstream.product:
            del changes["upstream.product"]
    for name, write in _LAYERS.items():
        if (layer := getattr(record, name)) is not getattr(known, name):
            changes[name] = write(layer)
    return changes


def _snapshot_in(document: Mapping[str, Any]) -> Snapshot:
    """The snapshot's members of the document. One that an earlier version stored has those that came later as well."""
    if (
        document.keys() >= _SNAPSHOT_NAMES
        and len(document["content"]) >= len(_CONTENT)
        and all(len(sku) >= len(_SNAPSHOT_SKU) for sku in document["skus"])
    ):
        return dict(zip(_SNAPSHOT, _snapshot_values(document), strict=True))
    snapshot: Snapshot = with_lists(ProductSnapshot.from_document(document).model_dump())
    return snapshot


def tombstone_document(state: State) -> Document:
    """A document of `tombstones`."""
    tombstone = state.tombstone
    if tombstone is None:
        raise ValueError("the product has no tombstone")
    return {
        "_id": product_id(tombstone.shop_key, tombstone.product_no),
        "shop_key": tombstone.shop_key,
        "product_no": tombstone.product_no,
        "deleted_at": tombstone.deleted_at,
        "sweep_id": tombstone.sweep_id,
        "enumeration": {
            "id": tombstone.removal.enumeration_id,
            "started_at": tombstone.removal.started_at,
            "completed_at": tombstone.removal.completed_at,
        },
        "version": tombstone.version,
        "content_version": tombstone.content_version,
        "tiktok_product_id": tombstone.tiktok_product_id,
        "tiktok_skus": _sku_ids_out(tombstone.sku_ids),
        "offsets": _offsets_out(state.applied),
    }


def read_tombstone(document: Mapping[str, Any]) -> State:
    """The state that `tombstone_document` wrote."""
    enumeration = document["enumeration"]
    tombstone = Tombstone(
        shop_key=document["shop_key"],
        product_no=document["product_no"],
        deleted_at=document["deleted_at"],
        sweep_id=document["sweep_id"],
        removal=Removal(enumeration["id"], enumeration["started_at"], enumeration["completed_at"]),
        version=document["version"],
        content_version=document["content_version"],
        tiktok_product_id=document["tiktok_product_id"],
        sku_ids=_sku_ids_in(document["tiktok_skus"]),
    )
    return State(tombstone=tombstone, applied=_offsets_in(document["offsets"]))


def _upstream_out(upstream: Upstream) -> Document:
    removal = upstream.removal
    return {
        "product": upstream.product,
        "taken_at": upstream.taken_at,
        "observed_at": upstream.observed_at,
        "removal": None
        if removal is None
        else {
            "enumeration_id": removal.enumeration_id,
            "started_at": removal.started_at,
            "completed_at": removal.completed_at,
        },
    }


def _upstream_in(document: Mapping[str, Any]) -> Upstream:
    return Upstream(
        product=_product_in(document["product"]),
        taken_at=document["taken_at"],
        observed_at=document["observed_at"],
        removal=_optional(document["removal"], lambda removal: Removal(**removal)),
    )


def _product_in(document: Members) -> Members:
    """The product, with the members that came later where an earlier version stored it."""
    if len(document) >= len(_PRODUCT) and all(len(sku) >= len(_UPSTREAM_SKU) for sku in document["skus"]):
        return document
    product: Members = with_lists(read_stored(UpstreamProduct, document).model_dump())
    return product


def _listing_out(listing: Listing) -> Document:
    outcome, review = listing.outcome, listing.review
    return {
        "tiktok_product_id": listing.tiktok_product_id,
        "sku_ids": _sku_ids_out(listing.sku_ids),
        "outcome": None
        if outcome is None
        else {
            "content_version": outcome.content_version,
            "kind": outcome.kind,
            "error": None if outcome.error is None else outcome.error.model_dump(),
            "missing": list(outcome.missing),
        },
        "review": None
        if review is None
        else {
            "state": review.state,
            "tiktok_product_id": review.tiktok_product_id,
            "content_version": review.content_version,
            "reasons": [reason.model_dump() for reason in review.reasons],
            "occurred_at": review.occurred_at,
        },
        "reviewed_at": listing.reviewed_at,
        "pushed_content_version": listing.pushed_content_version,
        "pushed_at": listing.pushed_at,
        "live": listing.live,
        "result_ids": list(listing.result_ids),
    }


def _listing_in(document: Mapping[str, Any]) -> Listing:
    return Listing(
        tiktok_product_id=document["tiktok_product_id"],
        sku_ids=_sku_ids_in(document["sku_ids"]),
        outcome=_optional(document["outcome"], _outcome_in),
        review=_optional(document["review"], _review_in),
        reviewed_at=document["reviewed_at"],
        pushed_content_version=document["pushed_content_version"],
        pushed_at=document["pushed_at"],
        live=document["live"],
        result_ids=tuple(document["result_ids"]),
    )


def _outcome_in(document: Mapping[str, Any]) -> PushOutcome:
    error = _optional(document["error"], lambda error: read_stored(SnapshotError, error))
    return PushOutcome(document["content_version"], document["kind"], error, tuple(document["missing"]))


def _review_in(document: Mapping[str, Any]) -> Review:
    return Review(
        state=document["state"],
        tiktok_product_id=document["tiktok_product_id"],
        content_version=document["content_version"],
        reasons=tuple(read_stored(Reason, reason) for reason in document["reasons"]),
        occurred_at=document["occurred_at"],
    )


def _stocks_out(stocks: Mapping[SkuNo, SkuStock]) -> list[Document]:
    return [
        {
            "vertical_no": vertical_no,
            "horizontal_no": horizontal_no,
            "imported": stock.imported,
            "unmanaged": stock.unmanaged,
            "edit": _stamped_out(stock.edit),
            "sent": stock.sent,
        }
        for (vertical_no, horizontal_no), stock in stocks.items()
    ]


def _stock_in(document: Mapping[str, Any]) -> tuple[SkuNo, SkuStock]:
    number = (document["vertical_no"], document["horizontal_no"])
    return number, SkuStock(
        imported=document["imported"],
        unmanaged=document["unmanaged"],
        edit=_stamped_in(document["edit"]),
        sent=document["sent"],
    )


def _stamps_out(stamps: Mapping[str, Stamped[Any]]) -> list[Document]:
    # A list, since field names with a dot are awkward as keys in MongoDB.
    return [{"field": name, "value": stamped.value, "at": stamped.at} for name, stamped in stamps.items()]


def _stamps_in(entries: list[Mapping[str, Any]]) -> dict[str, Stamped[Any]]:
    return {entry["field"]: Stamped(entry["value"], entry["at"]) for entry in entries}


def _stamped_out(stamped: Stamped[Any] | None) -> Document | None:
    return None if stamped is None else {"value": stamped.value, "at": stamped.at}


def _stamped_in(document: Mapping[str, Any] | None) -> Stamped[Any] | None:
    return None if document is None else Stamped(document["value"], document["at"])


def _sku_ids_out(sku_ids: Mapping[SkuNo, str]) -> list[Document]:
    return [{"vertical_no": v, "horizontal_no": h, "tiktok_sku_id": sku_id} for (v, h), sku_id in sku_ids.items()]


def _sku_ids_in(entries: list[Mapping[str, Any]]) -> dict[SkuNo, str]:
    return {(entry["vertical_no"], entry["horizontal_no"]): entry["tiktok_sku_id"] for entry in entries}


def _offsets_out(applied: Mapping[Partition, AppliedOffset]) -> list[Document]:
    return [
        {"topic": topic, "partition": partition, "offset": one.offset, "timestamp": one.timestamp}
        for (topic, partition), one in applied.items()
    ]


def _offsets_in(entries: list[Mapping[str, Any]]) -> dict[Partition, AppliedOffset]:
    return {
        (entry["topic"], entry["partition"]): AppliedOffset(entry["offset"], entry["timestamp"]) for entry in entries
    }


def _optional(value: Any, read: Callable[[Any], T]) -> T | None:
    return None if value is None else read(value)


_LAYERS: dict[str, Callable[[Any], Any]] = {
    "edits": _stamps_out,
    "tool": _stamps_out,
    "stock": _stocks_out,
    "target": _stamped_out,
    "listing": _listing_out,
}
"""How the layers of a record that are stored under their own names are written."""
