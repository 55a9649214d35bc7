"""Imports and sweeps as rows and as JSON. Pure."""

from collections.abc import Iterator
from typing import Any

from shopsync_cli.views.output import show
from shopsync_readmodel.runs.imports import Import
from shopsync_readmodel.runs.sweeps import Sweep

SWEEP_COLUMNS = (
    "sweep",
    "shop",
    "asked for",
    "state",
    "deleted",
    "kept ON",
    "kept present",
    "kept unproven",
    "refused because",
)
IMPORT_COLUMNS = ("import", "shop", "mode", "asked for", "state", "read", "changed", "removed", "refused", "")
_INTERNAL = frozenset({"token", "finished", "succeeded", "expires_at", "report", "traceparent", "kept_unlisted"})
"""Members that only the service itself needs."""


def sweep_row(sweep: Sweep) -> tuple[Any, ...]:
    """One line of the list."""
    counts = (sweep.counts.get(name) for name in ("deleted", "kept_sync_enabled", "kept_present", "kept_unproven"))
    return sweep.id, sweep.shop_key, sweep.requested_at, sweep_state(sweep), *counts, sweep.refused_because


def sweep_state(sweep: Sweep) -> str:
    """The state, and what it waits for."""
    state = sweep.state
    if state == "done":
        state = "refused" if sweep.refused_because else "done"
    elif state == "requested" and sweep.attempt > 1:
        state = f"waits for try {sweep.attempt}"
    return f"{state} (dry run)" if sweep.dry_run else state


def sweep_rows(sweep: Sweep) -> Iterator[tuple[str, Any]]:
    """What is known of one sweep, without the verdicts."""
    yield "sweep", sweep.id
    yield "shop", sweep.shop_key
    yield "state", sweep_state(sweep)
    yield "request", sweep.request_id
    yield "asked for", sweep.requested_at
    if sweep.state == "requested" and sweep.not_before:
        yield "goes on at", sweep.not_before
    if sweep.attempt > 1:
        yield "tries", sweep.attempt
    yield "enumeration", sweep.enumeration_id
    yield "enumeration completed", sweep.enumeration_completed_at
    yield "ended", sweep.completed_at
    for name, count in sweep.counts.items():
        yield name.replace("_", " "), count
    if sweep.left_over:
        yield "left for the next sweep", sweep.left_over
    if sweep.refused_because:
        yield "refused because", sweep.refused_because


def import_row(run: Import) -> tuple[Any, ...]:
    """One line of the list."""
    counts = (run.counts[name] for name in ("read", "changed", "removed", "refused"))
    return run.id, run.shop_key, run.mode, run.requested_at, run.state, *counts, _outcome(run)


def _outcome(run: Import) -> str:
    if run.failure is not None:
        return f"failed: {run.failure.code}"
    if run.held_back:
        return "removals held back"
    if run.answered_by:
        return f"answered by {run.answered_by}"
    return "proof" if run.proven else ""


def import_rows(run: Import) -> Iterator[tuple[str, Any]]:
    """What is known of one import, without the refused products."""
    yield "import", run.id
    yield "shop", run.shop_key
    yield "mode", run.mode
    yield "state", run.state
    yield "request", run.request_id
    yield "asked for", run.requested_at
    yield "started", run.started_at
    yield "ended", run.ended_at
    yield "reads", _reads(run)
    if run.state != "finished":
        yield "page", run.page
    for name in ("read", "changed", "removed", "refused"):
        yield name, run.counts[name]
    yield "products before", run.present_before
    yield "proves absences", run.proven
    if run.unproven_because:
        yield "no proof because", run.unproven_because
    if run.confirm_shrink_of:
        yield "confirms the loss of", run.confirm_shrink_of
    if run.answered_by:
        yield "answered by", run.answered_by
    if run.failure is not None:
        yield "failed", f"{run.failure.code}: {run.failure.message}"


def _reads(run: Import) -> str:
    if run.since is None:
        return "the complete listing"
    return f"what was updated from {show(run.since)} to {show(run.until)}"


def as_document(run: Import | Sweep) -> dict[str, Any]:
    """For JSON: the document as stored, without members that only the service needs."""
    shown = {name: value for name, value in run.document.items() if name != "_id" and name not in _INTERNAL}
    return {"id": run.id, **shown}
