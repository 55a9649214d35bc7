"""Decides whether the ingestor's report is a proof for a sweep. Pure; in doubt it is not (DL-9, DL-10)."""

from dataclasses import dataclass
from datetime import datetime

from shopsync_contracts.events import ImportCompleted, ImportFailed
from shopsync_contracts.times import CLOCK_TOLERANCE

_LASTING = frozenset({"shop_unknown", "futureshop_denied"})
"""Codes of import.failed that need somebody to act. All others may pass, such as maintenance."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no proof. `passing`: a later attempt may help."""

    reason: str
    passing: bool


def trouble_with(report: ImportCompleted | ImportFailed, requested_at: datetime) -> Trouble | None:
    """Why the report is not a proof for a sweep requested at `requested_at`; None when it is one."""
    if isinstance(report, ImportFailed):
        reason = f"the enumeration failed: {report.code}: {report.message}"
        return Trouble(reason, passing=report.code not in _LASTING)
    if report.removals_held_back:
        reason = (
            "the enumeration is held back: too many products are missing at once; if they are really gone,"
            f" run `shopsync imports confirm-shrink {report.shop_key}`"
        )
        return Trouble(reason, passing=False)
    if report.enumeration is None:
        return Trouble("the enumeration is no proof: the listing was incomplete or inconsistent", passing=True)
    if report.enumeration.started_at < requested_at - CLOCK_TOLERANCE:
        reason = f"the enumeration began at {report.enumeration.started_at.isoformat()}, before the sweep was asked for"
        return Trouble(reason, passing=True)
    return None
