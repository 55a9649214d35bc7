"""A sweep and its states. Pure (DL-1 to DL-14).

requested → enumerating → proven → commanded → judged → done
    ↖____________↙ ↘ refused ____________________↗

- requested: waits for its start, then checks the shop's settings and requests a new enumeration.
- enumerating: waits for the ingestor's report. After a failure that may pass it starts again during the night.
- proven: chooses candidates once the catalog has handled everything published before.
- commanded: publishes delete commands, which the catalog checks and executes. A dry run skips this state.
- judged / refused: the outcome is stored and its report is published.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from janitor.errors import NoProof
from janitor.ids import enumerate_id
from janitor.proofs import Trouble, trouble_with
from janitor.verdicts import Found, Removed, after, before
from shopsync_contracts.events import (
    EnumerationProof,
    ImportCompleted,
    ImportFailed,
    SweepCounts,
    SweepVerdict,
)
from shopsync_contracts.times import to_the_millisecond

State = Literal["requested", "enumerating", "proven", "commanded", "judged", "refused", "done"]
Document = dict[str, Any]


@dataclass(slots=True)
class Sweep:
    """One stored sweep. Times are aware, UTC, in whole milliseconds; `candidates` have no verdict yet.

    `not_before`: start of the next attempt. `retry_until`: no attempt starts later; None for a sweep that somebody
    waits for. `kept_unlisted`: number of kept products beyond those in `verdicts`.
    """

    id: str
    shop_key: str
    request_id: str
    requested_at: datetime
    enumeration_request_id: str
    traceparent: str | None = None
    dry_run: bool = False
    not_before: datetime | None = None
    retry_until: datetime | None = None
    attempt: int = 1
    state: State = "requested"
    deadline: datetime | None = None
    enumeration_id: str | None = None
    enumeration_completed_at: datetime | None = None
    candidates: list[str] = field(default_factory=list)
    commands_until: datetime | None = None
    commanded: int = 0
    verdicts: dict[str, SweepVerdict] = field(default_factory=dict)
    kept_unlisted: dict[SweepVerdict, int] = field(default_factory=dict)
    left_over: int = 0
    refused_because: str | None = None
    completed_at: datetime | None = None

    @property
    def succeeded(self) -> bool:
        """Whether it did the work of a night."""
        return self.completed_at is not None and self.refused_because is None and not self.dry_run

    def refuse(self, reason: str, now: datetime) -> None:
        """End without any delete command (DL-9, DL-10)."""
        tries = f" (tried {self.attempt} times)" if self.attempt > 1 else ""
        self.state, self.refused_because, self.completed_at = "refused", f"{reason}{tries}", now

    def retry_or_refuse(self, trouble: Trouble, now: datetime, retry: timedelta) -> bool:
        """Retry after `retry` during the night if the trouble may pass, else refuse. Returns whether to retry."""
        again = to_the_millisecond(now + retry)
        if not trouble.passing or self.retry_until is None or again > self.retry_until:
            self.refuse(trouble.reason, now)
            return False
        self.attempt += 1
        # A late answer to the previous attempt must not count.
        self.enumeration_request_id = enumerate_id(self.id, self.attempt)
        self.enumeration_id = self.enumeration_completed_at = self.deadline = None
        self.state, self.not_before = "requested", again
        return True

    def apply_report(self, report: ImportCompleted | ImportFailed) -> Trouble | None:
        """Apply the ingestor's report: move on to `proven`, or return what is wrong (DL-9, DL-10, NV-9)."""
        trouble = trouble_with(report, self.requested_at)
        if trouble is None and isinstance(report, ImportCompleted) and report.enumeration is not None:
            self.state = "proven"
            self.enumeration_id = report.enumeration.id
            self.enumeration_completed_at = to_the_millisecond(report.enumeration.completed_at)
        return trouble

    def proof(self) -> EnumerationProof:
        """The proof for the delete commands. Only from `proven` on."""
        if self.enumeration_id is None or self.enumeration_completed_at is None:
            raise NoProof(f"sweep {self.id} has no proof")
        return EnumerationProof(id=self.enumeration_id, completed_at=self.enumeration_completed_at)

    def classify(self, product: Removed, *, limit: int) -> None:
        """Make a removed product a candidate, or set its verdict.

        Candidates beyond `limit` wait for the next sweep, and at most `limit` kept products are named.
        """
        verdict = before(product, self.enumeration_id)
        if verdict is None and len(self.candidates) < limit:
            self.candidates.append(product.product_no)
        elif verdict is None:
            self.left_over += 1
        elif len(self.verdicts) < limit:
            self.verdicts[product.product_no] = verdict
        else:
            self.kept_unlisted[verdict] = self.kept_unlisted.get(verdict, 0) + 1

    def end_classification(self, now: datetime) -> None:
        """Move on after all products were classified: to the commands, or to the verdicts of a dry run."""
        self.deadline = None
        self.state = "commanded"
        if self.dry_run:
            self._give(dict.fromkeys(self.candidates, "deleted"), now)

    def judge(self, found: dict[str, Found], now: datetime) -> None:
        """Set the verdict of every candidate by what the catalog did."""
        self._give({number: after(found.get(number, Found(exists=False)), self.id) for number in self.candidates}, now)

    def _give(self, verdicts: dict[str, SweepVerdict], now: datetime) -> None:
        self.verdicts |= verdicts
        self.candidates = []
        self.state, self.completed_at = "judged", now

    def counts(self) -> SweepCounts:
        """Number of verdicts of each kind."""
        given = Counter(self.verdicts.values()) + Counter(self.kept_unlisted)
        return SweepCounts(
            deleted=given["deleted"],
            kept_sync_enabled=given["kept_sync_enabled"],
            kept_present=given["kept_present"],
            kept_unproven=given["kept_unproven"],
        )
