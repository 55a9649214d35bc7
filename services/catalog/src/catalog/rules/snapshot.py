"""Builds the merged product, the snapshot, from the layers, with its two version numbers.

A snapshot is plain values, made for every change and sent without another validation. A test holds what is built here
against the contract's model.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from catalog.rules.edits import effective_edits, overwritten_edits
from catalog.rules.model import Members, Record, Snapshot, with_lists
from catalog.rules.status import missing_fields, refused_fields, status_of
from shopsync_contracts.events import TaxDefaults
from shopsync_contracts.limits import KEPT_FIELDS
from shopsync_contracts.ownership import DIMENSIONS, OWNERS, SIDES, side_field
from shopsync_contracts.pricing import product_price, sku_price
from shopsync_contracts.times import to_the_millisecond


def take_snapshot(
    record: Record,
    *,
    before: Record | None,
    previous: Snapshot | None,
    tax: TaxDefaults,
    now: datetime,
) -> Snapshot:
    """The merged product; `previous` itself when no reader could see a change.

    `before` and `previous` are the record and snapshot last stored, None for a new product. `version` grows by one with
    every effective change, `content_version` by one when a push would send something else.
    """
    # Values stored before the contract had limits may exceed them until futureshop or the merchant replaces them.
    product, listing, edits = record.upstream.product, record.listing, effective_edits(record)
    content, skus = _content(record, edits, tax), _skus(record, edits, tax)
    content_version = _beyond_results(record, _content_version(record, before, previous, content, skus))
    missing = missing_fields(content, skus, [record.stock[(sku["vertical_no"], sku["horizontal_no"])] for sku in skus])
    missing += [name for name in refused_fields(listing.outcome, content_version) if name not in missing]
    status, error = status_of(record, content_version, missing)
    overwritten = overwritten_edits(record, before)
    removed, former = record.removed_upstream, record.former_listing
    snapshot: Snapshot = {
        "shop_key": record.shop_key,
        "product_no": record.product_no,
        "version": record.first_version if previous is None else previous["version"],
        "content_version": content_version,
        "changed_at": to_the_millisecond(now) if previous is None else previous["changed_at"],
        "sync_enabled": record.sync_enabled,
        "status": status,
        "missing": missing[:KEPT_FIELDS],
        "error": None if error is None else with_lists(error.model_dump()),
        "removed_upstream": None if removed is None else removed.model_dump(),
        "content": content,
        "skus": skus,
        "axes": product["axes"],
        "edited_fields": [name for name in OWNERS if name in edits],
        "overwritten_edits": overwritten if previous is None or overwritten else previous["overwritten_edits"],
        "upstream_updated_at": product["updated_at"],
        "tiktok_product_id": listing.tiktok_product_id,
        "pushed_content_version": listing.pushed_content_version,
        "live": listing.live,
        "former_listing": None if former is None else former.model_dump(),
    }
    if previous is None:
        return snapshot
    if snapshot == previous and not overwritten:
        return previous
    changed = {"version": previous["version"] + 1, "changed_at": to_the_millisecond(now)}
    return {**snapshot, **changed, "overwritten_edits": overwritten}


def _content(record: Record, edits: Members, tax: TaxDefaults) -> Snapshot:
    """The members of `SnapshotContent`."""
    product = record.upstream.product
    return {
        "name": edits.get("name", product["name"]),
        "description": edits.get("description", product["description"]),
        "images": edits.get("images", product["images"]),
        "price": edits["price"] if "price" in edits else product_price(product, tax),
        "category_id": _tool_value(record, "category_id"),
        "brand_id": _tool_value(record, "brand_id"),
        "package_weight_g": _tool_value(record, "package_weight_g"),
        DIMENSIONS: _dimensions(record),
        "attributes": _tool_value(record, "attributes") or [],
        "size_chart_image": _tool_value(record, "size_chart_image"),
    }


def _tool_value(record: Record, name: str) -> Any:
    stamped = record.tool.get(name)
    return None if stamped is None else stamped.value


def _dimensions(record: Record) -> dict[str, int | None] | None:
    sides = {side: _tool_value(record, side_field(side)) for side in SIDES}
    return sides if any(value is not None for value in sides.values()) else None


def _skus(record: Record, edits: Members, tax: TaxDefaults) -> list[Snapshot]:
    """All SKUs, members of `SnapshotSku`, in futureshop's order.

    The merchant sets one price per product, so it applies to every SKU (LY-1).
    """
    product, sku_ids = record.upstream.product, record.listing.sku_ids
    edited_price = edits.get("price")
    skus = []
    for sku in product["skus"]:
        number = (sku["vertical_no"], sku["horizontal_no"])
        stock = record.stock[number]
        skus.append(
            {
                "vertical_no": sku["vertical_no"],
                "horizontal_no": sku["horizontal_no"],
                "vertical_name": sku["vertical_name"],
                "horizontal_name": sku["horizontal_name"],
                "jan_code": sku["jan_code"],
                "price": edited_price or sku_price(product, sku, tax),
                "stock": stock.quantity,
                "stock_unmanaged": stock.unmanaged,
                "tiktok_sku_id": sku_ids.get(number),
            }
        )
    return skus


def _content_version(
    record: Record, before: Record | None, previous: Snapshot | None, content: Snapshot, skus: list[Snapshot]
) -> int:
    if before is None or previous is None:
        return record.first_content_version
    version: int = previous["content_version"]
    same = (
        content == previous["content"]
        and record.upstream.product["axes"] == previous["axes"]
        and (skus == previous["skus"] or _sendable(record, skus) == _sendable(record, previous["skus"]))
    )
    return version if same else version + 1


def _beyond_results(record: Record, version: int) -> int:
    """The content version, beyond any that a push has told of: one of the same number was other content.

    A product is counted less far than before when its messages are folded again after a restore, some of them together.
    """
    told = record.listing.pushed_content_version or 0
    return version if told <= version else told + 1


def _sendable(record: Record, skus: Iterable[Members]) -> list[tuple[Any, ...]]:
    """What a push sends of each SKU. Stock only counts until it is sent: marking it as sent changes nothing (ST-3)."""
    return [
        (
            number,
            sku["vertical_name"],
            sku["horizontal_name"],
            sku["jan_code"],
            sku["price"],
            sku["stock"] if _is_unsent(record, number) else None,
        )
        for sku in skus
        for number in ((sku["vertical_no"], sku["horizontal_no"]),)
    ]


def _is_unsent(record: Record, number: tuple[str, str]) -> bool:
    stock = record.stock.get(number)
    return stock is None or stock.sent is None
