"""The publisher's `push_jobs` and `listings`, read from outside; any member may be missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

PARKED_BEYOND = timedelta(days=365)
"""Due later than this means: until a new sync or a new authorisation wakes the job."""


class PushState(StrEnum):
    """Where a push stands, the nearest to its end first.

    Running: a worker has it. Waiting: until it is due. Parked: until a new sync or a new authorisation wakes it.
    """

    RUNNING = "running"
    DUE = "due"
    WAITING = "waiting"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class PushJob:
    """A push that is not done yet. `reported`: the trouble of the whole shop that was told since the command."""

    reason: str | None
    requested_at: datetime | None
    due_at: datetime | None
    attempts: int
    waits: int
    running_until: datetime | None
    reported: str | None

    def state(self, now: datetime) -> PushState:
        """Where it stands at that moment."""
        if self.running_until is not None and self.running_until > now:
            return PushState.RUNNING
        if self.due_at is None or self.due_at <= now:
            return PushState.DUE
        return PushState.PARKED if self.due_at - now > PARKED_BEYOND else PushState.WAITING


@dataclass(frozen=True, slots=True)
class ListingRecord:
    """The publisher's own record of the listing. `intent`: a write whose outcome is not known yet (ST-13)."""

    tiktok_product_id: str | None
    pushed_content_version: int | None
    review: str | None
    review_due_at: datetime | None
    intent: str | None
    unsent_events: int


def read_job(document: Mapping[str, Any]) -> PushJob:
    """A document of `push_jobs`."""
    return PushJob(
        reason=document.get("reason"),
        requested_at=document.get("requested_at"),
        due_at=document.get("due_at"),
        attempts=int(document.get("attempts") or 0),
        waits=int(document.get("waits") or 0),
        running_until=document.get("lease_until") if document.get("owner") else None,
        reported=document.get("reported"),
    )


def read_listing(document: Mapping[str, Any]) -> ListingRecord:
    """A document of `listings`."""
    return ListingRecord(
        tiktok_product_id=document.get("tiktok_product_id"),
        pushed_content_version=document.get("pushed_content_version"),
        review=(document.get("review") or {}).get("state"),
        review_due_at=document.get("review_due_at"),
        intent=_open_intent(document.get("intent") or {}),
        unsent_events=len(document.get("outbox") or ()),
    )


def _open_intent(intent: Mapping[str, Any]) -> str | None:
    """What kind of write it is; None for one that was refused as far as TikTok says."""
    return None if (intent.get("answer") or {}).get("settles") else intent.get("kind")
