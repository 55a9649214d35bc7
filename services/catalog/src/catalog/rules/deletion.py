"""The nightly removal, re-checked when it executes (DL-1 to DL-14)."""

from datetime import datetime, timedelta
from typing import Literal

from catalog.rules.model import Record, Removal, Tombstone
from shopsync_contracts.events import DeleteRequested, ProductSnapshot
from shopsync_contracts.times import to_the_millisecond

KeepReason = Literal["sync_enabled", "present", "unproven", "proof_too_old", "command_too_late"]


def reason_to_keep(record: Record, command: DeleteRequested, now: datetime, proof_age: timedelta) -> KeepReason | None:
    """Why the product stays at the moment of deleting (DL-11), in this order; None when nothing keeps it.

    - sync_enabled: 連携対象 is ON (DL-4). 状態 is no reason (DL-2).
    - present: seen since its last proof of absence (DL-8).
    - unproven: the proof that the command names has not come here, and the one that is here is older (DL-9).
    - proof_too_old: what was gone then may have been registered again without an import since (DL-8).
    - command_too_late: the sweep has reported the product as kept.
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
    """By the command's own enumeration, or by one that was completed after it."""
    named = command.enumeration
    return removal.enumeration_id == named.id or removal.completed_at >= to_the_millisecond(named.completed_at)


def bury(record: Record, snapshot: ProductSnapshot, command: DeleteRequested, now: datetime) -> Tombstone:
    """The tombstone of a product that nothing keeps. Raises ValueError when it is ON or still there."""
    removal = record.upstream.removed
    if removal is None or record.sync_enabled:
        raise ValueError(f"{record.shop_key}/{record.product_no} must be kept")
    return Tombstone(
        shop_key=record.shop_key,
        product_no=record.product_no,
        deleted_at=to_the_millisecond(now),
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
