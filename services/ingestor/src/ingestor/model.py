"""One import as it is stored in MongoDB, with everything needed to continue at its page."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ingestor.windows import Interval
from shopsync_contracts.events import (
    REPORT_PAGE,
    Enumeration,
    ImportCommandMode,
    ImportCompleted,
    ImportCounts,
    ImportFailed,
    RefusedProduct,
)
from shopsync_contracts.times import to_the_millisecond

State = Literal["queued", "reading", "proving", "reporting", "finished"]
Document = dict[str, Any]

MAX_DOUBTS = 20


@dataclass(slots=True)
class Position:
    """Where to continue reading. URLs are those of the next pages; None is a listing's first page.

    `window`: number of the update window that is read, from 0.
    """

    page: int = 0
    window: int = 0
    products_url: str | None = None
    stock_url: str | None = None
    stock_done: bool = False
    barren: int = 0
    absent_after: str = ""


@dataclass(slots=True)
class Counts:
    """Totals, stored together with the position, so that a repeated page is not counted twice."""

    read: int = 0
    changed: int = 0
    removed: int = 0
    refused: int = 0
    distinct: int = 0


@dataclass(slots=True)
class Failure:
    """Why the import ended early."""

    code: str
    message: str


@dataclass(slots=True)
class ImportRun:
    """The state of an import. Times are aware, UTC, in whole milliseconds.

    `interval`: the update times it reads; None means the complete listing. `unlisted`: products found by number though
    the listing lacked them. `next_switch_at`: when the first product's pre-order period starts or ends. `answered_by`:
    the import whose listing answers this request too.
    """

    id: str
    shop_key: str
    mode: ImportCommandMode
    then_sync: bool
    request_id: str
    requested_at: datetime
    confirm_shrink_of: str | None = None
    traceparent: str | None = None
    answered_by: str | None = None
    state: State = "queued"
    attempts: int = 0
    started_at: datetime | None = None
    interval: Interval | None = None
    confirmed: int = 0
    present_before: int = 0
    position: Position = field(default_factory=Position)
    counts: Counts = field(default_factory=Counts)
    doubts: list[str] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)
    listed_at: datetime | None = None
    unlisted: int = 0
    next_switch_at: datetime | None = None
    proven: bool = False
    held_back: bool = False
    unproven_because: str = ""
    ended_at: datetime | None = None
    failure: Failure | None = None

    @classmethod
    def from_document(cls, document: Document) -> "ImportRun":
        """Read a document of `imports`."""
        names = cls.__dataclass_fields__.keys()
        known = {name: value for name, value in document.items() if name in names}
        known["id"] = document["_id"]
        known["position"] = Position(**document["position"])
        known["counts"] = Counts(**document["counts"])
        known["interval"] = Interval(**document["interval"]) if document.get("interval") else None
        known["failure"] = Failure(**document["failure"]) if document.get("failure") else None
        return cls(**known)

    @property
    def reading_id(self) -> str:
        """Id of the present listing: the import's, or one per update window, since a product may be in several."""
        return self.id if self.interval is None else f"{self.id}/{self.position.window}"

    @property
    def expected(self) -> int | None:
        """Number of products to read, if known."""
        return None if self.interval is not None else self.present_before or None

    def switches(self, at: datetime | None) -> None:
        """Note that a product changes its sale form at this time."""
        if at is not None and (self.next_switch_at is None or at < self.next_switch_at):
            self.next_switch_at = to_the_millisecond(at)

    def doubt(self, reasons: list[str]) -> None:
        """Note why the listing is not a proof. The first few reasons are kept."""
        self.doubts += reasons[: max(0, MAX_DOUBTS - len(self.doubts))]

    def refuse(self, product_no: str, reason: str) -> None:
        """Count a product that is refused, and keep the reason while one report has room for it."""
        self.counts.refused += 1
        if len(self.refused) < REPORT_PAGE:
            self.refused.append({"product_no": product_no, "reason": reason})

    def enumeration(self) -> Enumeration | None:
        """The proof of this import, if it is one."""
        if not self.proven or self.interval is not None or self.started_at is None or self.listed_at is None:
            return None
        return Enumeration(
            id=self.id, started_at=self.started_at, completed_at=self.listed_at, product_count=self.counts.distinct
        )

    def took_every_change(self) -> bool:
        """Whether the import cannot have missed a change from before its start.

        A listing with doubts, or one that lacked an existing product, may have silently lost others.
        """
        if self.mode == "enumerate" or self.failure is not None or self.doubts or self.unlisted:
            return False
        return self.started_at is not None and (self.interval is not None or self.proven)

    def report(
        self, request_id: str | None = None, *, sync_request_id: str | None = None
    ) -> ImportCompleted | ImportFailed:
        """The report of an import that has ended, to its own request or to another that it answers.

        `sync_request_id`: the sync that follows. The same run always returns the same report.
        """
        request_id = request_id or self.request_id
        ended = self.ended_at or self.requested_at
        started = self.started_at or ended
        counts = ImportCounts(
            read=self.counts.read,
            changed=self.counts.changed,
            removed=self.counts.removed,
            refused=self.counts.refused,
        )
        if self.failure is not None:
            return ImportFailed(
                shop_key=self.shop_key,
                import_id=self.id,
                mode=self.mode,
                request_id=request_id,
                started_at=started,
                failed_at=ended,
                code=self.failure.code,
                message=self.failure.message,
                counts=counts,
            )
        return ImportCompleted(
            shop_key=self.shop_key,
            import_id=self.id,
            mode=self.mode,
            request_id=request_id,
            started_at=started,
            completed_at=ended,
            duration_seconds=max(0.0, (ended - started).total_seconds()),
            counts=counts,
            enumeration=self.enumeration(),
            removals_held_back=self.held_back,
            sync_request_id=sync_request_id,
            refused=tuple(
                RefusedProduct(product_no=entry["product_no"], reason=entry["reason"]) for entry in self.refused
            ),
        )
