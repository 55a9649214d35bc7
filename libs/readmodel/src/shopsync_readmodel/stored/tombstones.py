from dataclasses import dataclass
from datetime import datetime

from shopsync_readmodel.stored.layers import AbsenceProof, Document


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of a product that a sweep deleted."""

    deleted_at: datetime | None
    sweep_id: str | None
    proof: AbsenceProof
    tiktok_product_id: str | None


def read_tombstone(document: Document) -> Tombstone:
    """A document of `tombstones`."""
    proof = document.get("enumeration") or {}
    return Tombstone(
        deleted_at=document.get("deleted_at"),
        sweep_id=document.get("sweep_id"),
        proof=AbsenceProof(proof.get("id"), proof.get("started_at"), proof.get("completed_at")),
        tiktok_product_id=document.get("tiktok_product_id"),
    )
