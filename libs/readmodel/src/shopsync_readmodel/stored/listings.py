from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ListingRecord:
    """The publisher's own record of a listing. `intent`: a write whose outcome is not known yet (ST-13).

    `digests`: of the values as they were sent; None: not known. `notes`: what was left out of them or changed.
    """

    tiktok_product_id: str | None
    pushed_content_version: int | None
    review: str | None
    review_due_at: datetime | None
    intent: str | None
    unsent_events: int
    digests: Mapping[str, str] | None = None
    notes: tuple[str, ...] = ()


def read_listing(document: Mapping[str, Any]) -> ListingRecord:
    """A document of `listings`."""
    sent = document.get("sent") or {}
    return ListingRecord(
        tiktok_product_id=document.get("tiktok_product_id"),
        pushed_content_version=document.get("pushed_content_version"),
        review=(document.get("review") or {}).get("state"),
        review_due_at=document.get("review_due_at"),
        intent=_open_intent(document.get("intent") or {}),
        unsent_events=len(document.get("outbox") or ()),
        digests=sent.get("digests"),
        notes=tuple(sent.get("notes") or ()),
    )


def _open_intent(intent: Mapping[str, Any]) -> str | None:
    """What kind of write it is; None when its refusal is known to mean that nothing was done."""
    return None if (intent.get("answer") or {}).get("settles") else intent.get("kind")
