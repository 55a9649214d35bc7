"""Converts the layers to documents. A product document is its snapshot's members plus the inner layers."""

from collections.abc import Callable, Mapping
from typing import Any

from catalog.rules.model import (
    AppliedOffset,
    Listing,
    Partition,
    SkuNo,
    SkuStock,
    State,
    Upstream,
)
from catalog.rules.stamps import Stamped

Document = dict[str, Any]


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


def _stamps_out(stamps: Mapping[str, Stamped[Any]]) -> list[Document]:
    # A list, since field names with a dot are awkward as keys in MongoDB.
    return [{"field": name, "value": stamped.value, "at": stamped.at} for name, stamped in stamps.items()]


def _stamped_out(stamped: Stamped[Any] | None) -> Document | None:
    return None if stamped is None else {"value": stamped.value, "at": stamped.at}


def _sku_ids_out(sku_ids: Mapping[SkuNo, str]) -> list[Document]:
    return [{"vertical_no": v, "horizontal_no": h, "tiktok_sku_id": sku_id} for (v, h), sku_id in sku_ids.items()]


def _offsets_out(applied: Mapping[Partition, AppliedOffset]) -> list[Document]:
    return [
        {"topic": topic, "partition": partition, "offset": one.offset, "timestamp": one.timestamp}
        for (topic, partition), one in applied.items()
    ]


_LAYERS: dict[str, Callable[[Any], Any]] = {
    "edits": _stamps_out,
    "tool": _stamps_out,
    "stock": _stocks_out,
    "target": _stamped_out,
    "listing": _listing_out,
}
"""How the layers of a record that are stored under their own names are written."""
