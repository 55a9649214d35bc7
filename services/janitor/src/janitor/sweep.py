"""The rules of the nightly removal, and a sweep's way through its states. Pure (DL-1 to DL-14).

requested → enumerating → proven → commanded → judged → done
         ↘            ↘ refused ────────────────────↗

- requested: the shop's settings are looked for; a fresh enumeration is asked for.
- enumerating: the ingestor's report is waited for.
- proven: candidates are chosen once the catalog has handled what was published before.
- commanded: delete commands go out; the catalog decides and executes.
- judged / refused: the outcome is stored; its report goes out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from shopsync_contracts.events import (
    REPORT_PAGE,
    EnumerationProof,
    ImportCompleted,
    ImportFailed,
    ProductVerdict,
    SweepCompleted,
    SweepCounts,
    SweepVerdict,
)

State = Literal["requested", "enumerating", "proven", "commanded", "judged", "refused", "done"]
Document = dict[str, Any]


def to_the_millisecond(moment: datetime) -> datetime:
    """The moment at MongoDB's grain, in UTC: what is compared must equal what is read back."""
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Removed:
    """A product the catalog holds to be removed upstream, and by which enumeration."""

    product_no: str
    sync_enabled: bool
    enumeration_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the catalog says about a candidate afterwards. `deleted_by` is the sweep named in its tombstone."""

    exists: bool
    sync_enabled: bool = False
    removed_upstream: bool = False
    deleted_by: str | None = None


@dataclass(slots=True)
class Sweep:
    """One sweep as it is kept. Times are aware, UTC, at millisecond grain; `candidates` have no verdict yet."""

    id: str
    shop_key: str
    request_id: str
    requested_at: datetime
    enumeration_request_id: str
    traceparent: str | None = None
    state: State = "requested"
    deadline: datetime | None = None
    enumeration_id: str | None = None
    enumeration_completed_at: datetime | None = None
    candidates: list[str] = field(default_factory=list)
    commanded: int = 0
    verdicts: dict[str, SweepVerdict] = field(default_factory=dict)
    left_over: int = 0
    refused_because: str | None = None
    completed_at: datetime | None = None

    def refuse(self, reason: str, now: datetime) -> None:
        """End without a single delete command (DL-9, DL-10)."""
        self.state, self.refused_because, self.completed_at = "refused", reason, now

    def proof(self) -> EnumerationProof:
        """What the delete commands carry. Only from `proven` on."""
        if self.enumeration_id is None or self.enumeration_completed_at is None:
            raise ValueError(f"sweep {self.id} has no proof")
        return EnumerationProof(id=self.enumeration_id, completed_at=self.enumeration_completed_at)

    def hear(self, report: ImportCompleted | ImportFailed, now: datetime) -> None:
        """Take the ingestor's report: on to `proven`, or refused with the reason (DL-9, DL-10, NV-9)."""
        if isinstance(report, ImportFailed):
            self.refuse(f"the enumeration failed: {report.code}: {report.message}", now)
        elif report.removals_held_back:
            self.refuse("the enumeration is held back: too many products are missing at once; confirm it first", now)
        elif report.enumeration is None:
            self.refuse("the enumeration is no proof: the listing was incomplete or inconsistent", now)
        else:
            self.state = "proven"
            self.enumeration_id = report.enumeration.id
            self.enumeration_completed_at = to_the_millisecond(report.enumeration.completed_at)

    def choose(self, removed: Iterable[Removed], *, limit: int) -> None:
        """Sort what is removed upstream into candidates and verdicts; more than `limit` wait for the next night."""
        for product in removed:
            verdict = before(product, self.enumeration_id)
            if verdict is not None:
                self.verdicts[product.product_no] = verdict
            elif len(self.candidates) < limit:
                self.candidates.append(product.product_no)
            else:
                self.left_over += 1
        self.state = "commanded"

    def judge(self, found: dict[str, Found], now: datetime) -> None:
        """Give every candidate its verdict by what the catalog did."""
        for number in self.candidates:
            self.verdicts[number] = after(found.get(number, Found(exists=False)), self.id)
        self.state, self.completed_at = "judged", now

    def counts(self) -> SweepCounts:
        """Verdicts by kind."""
        given = list(self.verdicts.values())
        return SweepCounts(
            deleted=given.count("deleted"),
            kept_sync_enabled=given.count("kept_sync_enabled"),
            kept_present=given.count("kept_present"),
            kept_unproven=given.count("kept_unproven"),
        )

    def reports(self) -> list[SweepCompleted]:
        """The report in pages of at most 500 verdicts, by product number; one page when there are none."""
        verdicts = [ProductVerdict(product_no=no, verdict=verdict) for no, verdict in sorted(self.verdicts.items())]
        pages = list(_pages(verdicts)) or [()]
        ended = self.completed_at or self.requested_at
        return [
            SweepCompleted(
                shop_key=self.shop_key,
                sweep_id=self.id,
                request_id=self.request_id,
                enumeration_id=self.enumeration_id,
                started_at=self.requested_at,
                completed_at=ended,
                duration_seconds=max(0.0, (ended - self.requested_at).total_seconds()),
                counts=self.counts(),
                page=number,
                pages=len(pages),
                verdicts=page,
                refused_because=self.refused_because,
            )
            for number, page in enumerate(pages, start=1)
        ]


def before(product: Removed, enumeration_id: str | None) -> SweepVerdict | None:
    """Why a removed product is kept without being asked for; None makes it a candidate.

    ON is kept (DL-4, NV-5). Only the fresh enumeration is a proof: an older one may have been overtaken (DL-9).
    状態 plays no part (DL-2).
    """
    if product.sync_enabled:
        return "kept_sync_enabled"
    if enumeration_id is None or product.enumeration_id != enumeration_id:
        return "kept_unproven"
    return None


def after(found: Found, sweep_id: str) -> SweepVerdict:
    """What became of a candidate. A tombstone of this sweep counts, also when the product has come back since (DL-13).

    Without tombstone and without product somebody else removed it: gone all the same (DL-12).
    """
    if found.deleted_by == sweep_id or not found.exists:
        return "deleted"
    if not found.removed_upstream:
        return "kept_present"
    if found.sync_enabled:
        return "kept_sync_enabled"
    return "kept_unproven"


def _pages(verdicts: Sequence[ProductVerdict]) -> Iterator[tuple[ProductVerdict, ...]]:
    for start in range(0, len(verdicts), REPORT_PAGE):
        yield tuple(verdicts[start : start + REPORT_PAGE])
