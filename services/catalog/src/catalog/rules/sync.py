"""[同期]: which products of a request are sent, and its report (RB-1, RB-2, RB-4, ED-5)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shopsync_contracts import Event
from shopsync_contracts.derived import catalog_id
from shopsync_contracts.events import PushRequested, SyncCompleted, SyncCounts, SyncRequested

Choice = Literal["commanded", "incomplete", "sync_disabled", "not_found"]


def choose(product: Mapping[str, Any] | None) -> Choice:
    """What a sync does with one product, given its `sync_enabled` and `status`; None means it does not exist.

    Everything ON and complete gets a push command, even if it is live, in review or unchanged. The publisher decides
    what to relist and what to leave (LY-6, RB-9), and only a push shows whether there is a warehouse (SS-9).
    """
    if product is None:
        return "not_found"
    if not product["sync_enabled"]:
        return "sync_disabled"
    return "incomplete" if product["status"] == "incomplete" else "commanded"


@dataclass(slots=True)
class Tally:
    """Counts of one sync, summed up page by page."""

    requested: int = 0
    commanded: int = 0
    incomplete: int = 0
    sync_disabled: int = 0
    not_found: int = 0

    def take(self, choices: Iterable[Choice]) -> None:
        """Add one page."""
        for choice in choices:
            self.requested += 1
            setattr(self, choice, getattr(self, choice) + 1)

    def counts(self) -> SyncCounts:
        """The counts for the report."""
        return SyncCounts(
            requested=self.requested,
            commanded=self.commanded,
            incomplete=self.incomplete,
            sync_disabled=self.sync_disabled,
            not_found=self.not_found,
        )


def commands(event: Event[SyncRequested], product_nos: Sequence[str]) -> list[tuple[str, PushRequested]]:
    """Push commands with their event ids. A repeated request repeats the ids."""
    body = event.data
    return [
        (
            catalog_id(event.id, one, PushRequested.TYPE),
            PushRequested(shop_key=body.shop_key, product_no=one, reason=body.reason, sync_id=event.id),
        )
        for one in product_nos
    ]


def report(
    event: Event[SyncRequested],
    counts: SyncCounts,
    *,
    started_at: datetime,
    completed_at: datetime,
    refused_because: str | None = None,
) -> tuple[str, SyncCompleted]:
    """The report with its event id."""
    body = SyncCompleted(
        shop_key=event.data.shop_key,
        sync_id=event.id,
        request_id=event.id,
        reason=event.data.reason,
        started_at=started_at,
        completed_at=completed_at,
        duration_seconds=max(0.0, (completed_at - started_at).total_seconds()),
        counts=counts,
        refused_because=refused_because,
    )
    return catalog_id(event.id, body.TYPE), body
