"""The publisher's jobs. Any member may be missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

PARKED_BEYOND = timedelta(days=365)
"""Due later than this means parked: until a new sync or a new authorisation wakes the job."""


class PushState(StrEnum):
    """How far a push is, the nearest to its end first.

    Running: a worker has it. Waiting: until it is due. Parked: until a new sync or a new authorisation wakes it.
    """

    RUNNING = "running"
    DUE = "due"
    WAITING = "waiting"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class PushJob:
    """A push that is not done yet. `reported`: a trouble of the whole shop, reported since the command.

    `trouble`: code and text of the last try, if it failed; None after a wait.
    """

    reason: str | None
    requested_at: datetime | None
    due_at: datetime | None
    attempts: int
    waits: int
    running_until: datetime | None
    reported: str | None
    trouble: tuple[str, str] | None = None

    def state(self, now: datetime) -> PushState:
        """Its state at that moment."""
        if self.running_until is not None and self.running_until > now:
            return PushState.RUNNING
        if self.due_at is None or self.due_at <= now:
            return PushState.DUE
        return PushState.PARKED if self.due_at - now > PARKED_BEYOND else PushState.WAITING


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
        trouble=_trouble(document.get("trouble")),
    )


def _trouble(part: Any) -> tuple[str, str] | None:
    return (str(part.get("code", "")), str(part.get("text", ""))) if isinstance(part, Mapping) else None
