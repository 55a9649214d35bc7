"""A sweep's way through its states. Pure (DL-1 to DL-14).

requested → enumerating → proven → commanded → judged → done
    ↖____________↙ ↘ refused ____________________↗

- requested: its time is waited for, then the shop's settings are looked for and a fresh enumeration is asked for.
- enumerating: the ingestor's report is waited for. A trouble that may pass leads back while the night lasts.
- proven: candidates are chosen once the catalog has handled what was published before.
- commanded: delete commands go out; the catalog decides and executes. A dry run goes from proven to judged.
- judged / refused: the outcome is stored; its report goes out.
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
    """One sweep as it is kept. Times are aware, UTC, at millisecond grain; `candidates` have no verdict yet.

    `not_before`: when the next try begins. `retry_until`: no further try begins later; None for a sweep that somebody
    waits for. `kept_unlisted`: kept products beyond those that `verdicts` has room for.
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
        """Whether it did what a night has to do."""
        return self.completed_at is not None and self.refused_because is None and not self.dry_run

    def refuse(self, reason: str, now: datetime) -> None:
        """End without a single delete command (DL-9, DL-10)."""
        tries = f" (tried {self.attempt} times)" if self.attempt > 1 else ""
        self.state, self.refused_because, self.completed_at = "refused", f"{reason}{tries}", now

    def stumble(self, trouble: Trouble, now: datetime, retry: timedelta) -> bool:
        """Begin again `retry` later while the night lasts and the trouble may pass; else refuse. True: again."""
        again = to_the_millisecond(now + retry)
        if not trouble.passing or self.retry_until is None or again > self.retry_until:
            self.refuse(trouble.reason, now)
            return False
        self.attempt += 1
        # An answer to the former try, however late, answers nothing now.
        self.enumeration_request_id = enumerate_id(self.id, self.attempt)
        self.enumeration_id = self.enumeration_completed_at = self.deadline = None
        self.state, self.not_before = "requested", again
        return True

    def hear(self, report: ImportCompleted | ImportFailed) -> Trouble | None:
        """Take the ingestor's report: on to `proven`, or what is wrong with it (DL-9, DL-10, NV-9)."""
        trouble = trouble_with(report, self.requested_at)
        if trouble is None and isinstance(report, ImportCompleted) and report.enumeration is not None:
            self.state = "proven"
            self.enumeration_id = report.enumeration.id
            self.enumeration_completed_at = to_the_millisecond(report.enumeration.completed_at)
        return trouble

    def proof(self) -> EnumerationProof:
        """What the delete commands carry. Only from `proven` on."""
        if self.enumeration_id is None or self.enumeration_completed_at is None:
            raise NoProof(f"sweep {self.id} has no proof")
        return EnumerationProof(id=self.enumeration_id, completed_at=self.enumeration_completed_at)

    def weigh(self, product: Removed, *, limit: int) -> None:
        """Make a removed product a candidate or give it its verdict.

        Candidates beyond `limit` wait for the next sweep; of the kept ones only so many are named.
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

    def chosen(self, now: datetime) -> None:
        """All are weighed: on to the commands, or to the verdicts as they would be."""
        self.deadline = None
        self.state = "commanded"
        if self.dry_run:
            self._give(dict.fromkeys(self.candidates, "deleted"), now)

    def judge(self, found: dict[str, Found], now: datetime) -> None:
        """Give every candidate its verdict by what the catalog did."""
        self._give({number: after(found.get(number, Found(exists=False)), self.id) for number in self.candidates}, now)

    def _give(self, verdicts: dict[str, SweepVerdict], now: datetime) -> None:
        self.verdicts |= verdicts
        self.candidates = []
        self.state, self.completed_at = "judged", now

    def counts(self) -> SweepCounts:
        """Verdicts by kind."""
        given = Counter(self.verdicts.values()) + Counter(self.kept_unlisted)
        return SweepCounts(
            deleted=given["deleted"],
            kept_sync_enabled=given["kept_sync_enabled"],
            kept_present=given["kept_present"],
            kept_unproven=given["kept_unproven"],
        )
