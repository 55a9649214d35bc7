"""Decides about one product that is gone from futureshop. Pure (DL-1 to DL-14)."""

from dataclasses import dataclass

from shopsync_contracts.events import SweepVerdict


@dataclass(frozen=True, slots=True)
class Removed:
    """A product that the catalog considers removed upstream, and by which enumeration."""

    product_no: str
    sync_enabled: bool
    enumeration_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate's state in the catalog afterwards. `deleted_by` is the sweep in its tombstone."""

    exists: bool
    sync_enabled: bool = False
    removed_upstream: bool = False
    deleted_by: str | None = None


def before(product: Removed, enumeration_id: str | None) -> SweepVerdict | None:
    """Why a removed product is kept without a delete command; None makes it a candidate.

    A product that is ON is kept (DL-4, NV-5). Only the new enumeration is a proof; an older one may be outdated (DL-9).
    状態 does not matter (DL-2).
    """
    if product.sync_enabled:
        return "kept_sync_enabled"
    if enumeration_id is None or product.enumeration_id != enumeration_id:
        return "kept_unproven"
    return None


def after(found: Found, sweep_id: str) -> SweepVerdict:
    """The verdict of a candidate. A tombstone of this sweep counts even if the product has come back since (DL-13).

    Without tombstone and product, somebody else removed it, which also counts as deleted (DL-12).
    """
    if found.deleted_by == sweep_id or not found.exists:
        return "deleted"
    if not found.removed_upstream:
        return "kept_present"
    if found.sync_enabled:
        return "kept_sync_enabled"
    return "kept_unproven"
