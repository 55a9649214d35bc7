"""Converts stored documents back to the layers. What an earlier version stored is read as well."""

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

T = TypeVar("T")

_SNAPSHOT = tuple(ProductSnapshot.model_fields)
_SNAPSHOT_NAMES = frozenset(_SNAPSHOT)
_snapshot_values = itemgetter(*_SNAPSHOT)
_CONTENT = tuple(SnapshotContent.model_fields)
_SNAPSHOT_SKU = tuple(SnapshotSku.model_fields)
_PRODUCT = tuple(UpstreamProduct.model_fields)
_UPSTREAM_SKU = tuple(UpstreamSku.model_fields)


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


def _upstream_in(document: Mapping[str, Any]) -> Upstream:
    return Upstream(
        product=_product_in(document["product"]),
        taken_at=document["taken_at"],
        observed_at=document["observed_at"],
        removal=_optional(document["removal"], _removal_in),
    )


def _removal_in(document: Mapping[str, Any]) -> Removal:
    return Removal(document["enumeration_id"], document["started_at"], document["completed_at"])


def _product_in(document: Members) -> Members:
    """The product, with the members that came later where an earlier version stored it."""
    if len(document) >= len(_PRODUCT) and all(len(sku) >= len(_UPSTREAM_SKU) for sku in document["skus"]):
        return document
    product: Members = with_lists(read_stored(UpstreamProduct, document).model_dump())
    return product


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


def _stock_in(document: Mapping[str, Any]) -> tuple[SkuNo, SkuStock]:
    number = (document["vertical_no"], document["horizontal_no"])
    return number, SkuStock(
        imported=document["imported"],
        unmanaged=document["unmanaged"],
        edit=_stamped_in(document["edit"]),
        sent=document["sent"],
    )


def _stamps_in(entries: list[Mapping[str, Any]]) -> dict[str, Stamped[Any]]:
    return {entry["field"]: Stamped(entry["value"], entry["at"]) for entry in entries}


def _stamped_in(document: Mapping[str, Any] | None) -> Stamped[Any] | None:
    return None if document is None else Stamped(document["value"], document["at"])


def _sku_ids_in(entries: list[Mapping[str, Any]]) -> dict[SkuNo, str]:
    return {(entry["vertical_no"], entry["horizontal_no"]): entry["tiktok_sku_id"] for entry in entries}


def _offsets_in(entries: list[Mapping[str, Any]]) -> dict[Partition, AppliedOffset]:
    return {
        (entry["topic"], entry["partition"]): AppliedOffset(entry["offset"], entry["timestamp"]) for entry in entries
    }


def _optional(value: Any, read: Callable[[Any], T]) -> T | None:
    return None if value is None else read(value)
