"""Builds the merged product, the snapshot, from the layers, with its two version numbers."""

from datetime import datetime
from typing import Any

from catalog.rules.edits import effective_edits, overwritten_edits
from catalog.rules.model import Record, SkuNo
from catalog.rules.status import missing_fields, refused_fields, status_of
from shopsync_contracts.events import Dimensions, ProductSnapshot, SnapshotContent, SnapshotSku, TaxDefaults
from shopsync_contracts.ownership import DIMENSIONS, OWNERS, SIDES, Owner, side_field
from shopsync_contracts.pricing import product_price, sku_price
from shopsync_contracts.stored import read_stored
from shopsync_contracts.times import to_the_millisecond


def take_snapshot(
    record: Record,
    *,
    before: Record | None,
    previous: ProductSnapshot | None,
    tax: TaxDefaults,
    now: datetime,
) -> ProductSnapshot:
    """The merged product; `previous` itself when no reader could see a change.

    `before` and `previous` are the record and snapshot last stored, None for a new product. `version` grows by one with
    every effective change, `content_version` by one when a push would send something else.
    """
    # Values stored before the contract had limits may exceed them until futureshop or the merchant replaces them.
    content = _content(record, tax)
    skus = _skus(record, tax)
    content_version = _content_version(record, before, previous, content, skus)
    missing = missing_fields(content, skus, [record.stock[(sku.vertical_no, sku.horizontal_no)] for sku in skus])
    missing += tuple(name for name in refused_fields(record.listing.outcome, content_version) if name not in missing)
    status, error = status_of(record, content_version, missing)
    overwritten = overwritten_edits(record, before)
    snapshot = ProductSnapshot(
        shop_key=record.shop_key,
        product_no=record.product_no,
        version=record.first_version if previous is None else previous.version,
        content_version=content_version,
        changed_at=to_the_millisecond(now) if previous is None else previous.changed_at,
        sync_enabled=record.sync_enabled,
        status=status,
        missing=missing,
        error=error,
        removed_upstream=record.removed_upstream,
        content=content,
        skus=skus,
        axes=record.upstream.product.axes,
        edited_fields=tuple(name for name in OWNERS if name in effective_edits(record)),
        overwritten_edits=overwritten if previous is None or overwritten else previous.overwritten_edits,
        upstream_updated_at=record.upstream.product.updated_at,
        tiktok_product_id=record.listing.tiktok_product_id,
        pushed_content_version=record.listing.pushed_content_version,
        live=record.listing.live,
        former_listing=record.former_listing,
    )
    if previous is None:
        return snapshot
    if snapshot == previous and not overwritten:
        return previous
    return snapshot.model_copy(
        update={
            "version": previous.version + 1,
            "changed_at": to_the_millisecond(now),
            "overwritten_edits": overwritten,
        }
    )


def _content(record: Record, tax: TaxDefaults) -> SnapshotContent:
    product = record.upstream.product
    edits = effective_edits(record)
    values: dict[str, Any] = {
        "name": product.name,
        "description": product.description,
        "images": product.images,
        "price": product_price(product, tax),
        **edits,
        **{
            name: _tool_value(record, name)
            for name, owner in OWNERS.items()
            if owner is Owner.TOOL and name != DIMENSIONS
        },
        DIMENSIONS: _dimensions(record),
    }
    values["attributes"] = values["attributes"] or ()
    return read_stored(SnapshotContent, values)


def _tool_value(record: Record, name: str) -> Any:
    stamped = record.tool.get(name)
    return None if stamped is None else stamped.value


def _dimensions(record: Record) -> Dimensions | None:
    sides = {side: _tool_value(record, side_field(side)) for side in SIDES}
    return Dimensions(**sides) if any(value is not None for value in sides.values()) else None


def _skus(record: Record, tax: TaxDefaults) -> tuple[SnapshotSku, ...]:
    """All SKUs, in futureshop's order. The merchant sets one price per product, so it applies to every SKU (LY-1)."""
    product = record.upstream.product
    edited_price = effective_edits(record).get("price")
    skus = []
    for sku in product.skus:
        number = (sku.vertical_no, sku.horizontal_no)
        stock = record.stock[number]
        skus.append(
            read_stored(
                SnapshotSku,
                {
                    "vertical_no": sku.vertical_no,
                    "horizontal_no": sku.horizontal_no,
                    "vertical_name": sku.vertical_name,
                    "horizontal_name": sku.horizontal_name,
                    "jan_code": sku.jan_code,
                    "price": edited_price or sku_price(product, sku, tax),
                    "stock": stock.quantity,
                    "stock_unmanaged": stock.unmanaged,
                    "tiktok_sku_id": record.listing.sku_ids.get(number),
                },
            )
        )
    return tuple(skus)


def _content_version(
    record: Record,
    before: Record | None,
    previous: ProductSnapshot | None,
    content: SnapshotContent,
    skus: tuple[SnapshotSku, ...],
) -> int:
    if before is None or previous is None:
        return record.first_content_version
    same = (
        content == previous.content
        and record.upstream.product.axes == previous.axes
        and _sendable(record, skus) == _sendable(record, previous.skus)
    )
    return previous.content_version if same else previous.content_version + 1


def _sendable(record: Record, skus: tuple[SnapshotSku, ...]) -> list[tuple[Any, ...]]:
    """What a push sends of each SKU. Stock only counts until it is sent: marking it as sent changes nothing (ST-3)."""
    return [
        (
            number,
            sku.vertical_name,
            sku.horizontal_name,
            sku.jan_code,
            sku.price,
            sku.stock if _is_unsent(record, number) else None,
        )
        for sku in skus
        for number in ((sku.vertical_no, sku.horizontal_no),)
    ]


def _is_unsent(record: Record, number: SkuNo) -> bool:
    stock = record.stock.get(number)
    return stock is None or stock.sent is None
