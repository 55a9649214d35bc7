"""Rules of the nightly removal, checked again when a product is deleted (DL-1 to DL-14)."""

from datetime import datetime, timedelta
from typing import Literal

from catalog.rules.model import Record, Removal, Snapshot, Tombstone
from shopsync_contracts.events import DeleteRequested
from shopsync_contracts.times import to_the_millisecond

KeepReason = Literal["sync_enabled", "present", "unproven", "proof_too_old", "command_too_late"]


def reason_to_keep(record: Record, command: DeleteRequested, now: datetime, proof_age: timedelta) -> KeepReason | None:
    """The first reason to keep the product at the time of deletion (DL-11); None when it may be deleted.

    - sync_enabled: 連携対象 is ON (DL-4). 状態 is not a reason (DL-2).
    - present: it was seen after its last proof of absence (DL-8).
    - unproven: the proof that the command names has not arrived, and the stored one is older (DL-9).
    - proof_too_old: the product may have been registered again since, without an import (DL-8).
    - command_too_late: the sweep has already reported the product as kept.
    """
    if record.sync_enabled:
        return "sync_enabled"
    removal = record.upstream.removed
    if removal is None:
        return "present"
    if not _is_proven(removal, command):
        return "unproven"
    if now - removal.completed_at > proof_age:
        return "proof_too_old"
    if command.not_after is not None and now > command.not_after:
        return "command_too_late"
    return None


def _is_proven(removal: Removal, command: DeleteRequested) -> bool:
    """Whether the command's own enumeration, or one completed after it, proves the absence."""
    named = command.enumeration
    return removal.enumeration_id == named.id or removal.completed_at >= to_the_millisecond(named.completed_at)


def make_tombstone(record: Record, snapshot: Snapshot, command: DeleteRequested, now: datetime) -> Tombstone:
    """The tombstone of a product that may be deleted. Raises ValueError when it is ON or still there."""
    removal = record.upstream.removed
    if removal is None or record.sync_enabled:
        raise ValueError(f"{record.shop_key}/{record.product_no} must be kept")
    return Tombstone(
        shop_key=record.shop_key,
        product_no=record.product_no,
        deleted_at=to_the_millisecond(now),
        sweep_id=command.sweep_id,
        removal=removal,
        version=snapshot["version"],
        content_version=snapshot["content_version"],
        tiktok_product_id=record.listing.tiktok_product_id or _earlier_listing_id(record),
        sku_ids=record.listing.sku_ids,
    )


def _earlier_listing_id(record: Record) -> str | None:
    """TikTok id of an even earlier listing: a product that came back and was never pushed still needs its warning."""
    return None if record.former_listing is None else record.former_listing.tiktok_product_id
