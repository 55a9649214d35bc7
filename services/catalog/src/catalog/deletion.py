"""The nightly removal, re-checked when it executes (DL-1 to DL-14)."""

from datetime import datetime
from typing import Literal

from catalog.model import Record, Tombstone
from catalog.stamps import to_ms
from shopsync_contracts.events import DeleteRequested, ProductSnapshot

Kept = Literal["sync_enabled", "present"]


def reason_to_keep(record: Record) -> Kept | None:
    """Why the product stays: ON (DL-4), or seen since its last proof of absence (DL-8, DL-11). 状態 is none (DL-2)."""
    if record.sync_enabled:
        return "sync_enabled"
    if record.upstream.removed is None:
        return "present"
    return None


def bury(record: Record, snapshot: ProductSnapshot, command: DeleteRequested, now: datetime) -> Tombstone:
    """The tombstone of a product that nothing keeps. Raises ValueError when something does."""
    removal = record.upstream.removed
    if removal is None or reason_to_keep(record) is not None:
        raise ValueError(f"{record.shop_key}/{record.product_no} must be kept")
    return Tombstone(
        shop_key=record.shop_key,
        product_no=record.product_no,
        deleted_at=to_ms(now),
        sweep_id=command.sweep_id,
        removal=removal,
        version=snapshot.version,
        content_version=snapshot.content_version,
        tiktok_product_id=record.listing.tiktok_product_id or _former(record),
        sku_ids=record.listing.sku_ids,
    )


def _former(record: Record) -> str | None:
    """A product that was deleted, came back and goes again without a push still has its old listing to warn of."""
    return None if record.former_listing is None else record.former_listing.tiktok_product_id
