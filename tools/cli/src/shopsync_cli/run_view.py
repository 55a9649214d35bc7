"""Imports and sweeps as rows and as JSON. Pure."""

from collections.abc import Iterator
from typing import Any

from shopsync_cli.console import show
from shopsync_runtime.mongo import Document

SWEEP_COLUMNS = (
    "sweep", "shop", "asked for", "state", "deleted", "kept ON", "kept present", "kept unproven", "refused because",
)  # fmt: skip
IMPORT_COLUMNS = ("import", "shop", "mode", "asked for", "state", "read", "changed", "removed", "refused", "")
_BOOKKEEPING = ("token", "finished", "succeeded", "expires_at", "report", "traceparent", "kept_unlisted")


def sweep_row(sweep: Document) -> tuple[Any, ...]:
    """One line of the list."""
    counts = sweep.get("counts") or {}
    given = (counts.get(name) for name in ("deleted", "kept_sync_enabled", "kept_present", "kept_unproven"))
    return (
        sweep["_id"],
        sweep["shop_key"],
        sweep["requested_at"],
        sweep_state(sweep),
        *given,
        sweep["refused_because"],
    )


def sweep_state(sweep: Document) -> str:
    """The state, and what it waits for."""
    state = str(sweep["state"])
    if state == "done":
        state = "refused" if sweep.get("refused_because") else "done"
    elif state == "requested" and sweep.get("attempt", 1) > 1:
        state = f"waits for try {sweep['attempt']}"
    return f"{state} (dry run)" if sweep.get("dry_run") else state


def sweep_rows(sweep: Document) -> Iterator[tuple[str, Any]]:
    """What is known of one sweep, without the verdicts."""
    yield "sweep", sweep["_id"]
    yield "shop", sweep["shop_key"]
    yield "state", sweep_state(sweep)
    yield "request", sweep["request_id"]
    yield "asked for", sweep["requested_at"]
    if sweep["state"] == "requested" and sweep.get("not_before"):
        yield "goes on at", sweep["not_before"]
    if sweep.get("attempt", 1) > 1:
        yield "tries", sweep["attempt"]
    yield "enumeration", sweep["enumeration_id"]
    yield "enumeration completed", sweep["enumeration_completed_at"]
    yield "ended", sweep["completed_at"]
    for name, count in (sweep.get("counts") or {}).items():
        yield name.replace("_", " "), count
    if sweep.get("left_over"):
        yield "left for the next sweep", sweep["left_over"]
    if sweep.get("refused_because"):
        yield "refused because", sweep["refused_because"]


def import_row(run: Document) -> tuple[Any, ...]:
    """One line of the list."""
    counts = run["counts"]
    given = (counts[name] for name in ("read", "changed", "removed", "refused"))
    return (run["_id"], run["shop_key"], run["mode"], run["requested_at"], run["state"], *given, _outcome(run))


def _outcome(run: Document) -> str:
    if failure := run.get("failure"):
        return f"failed: {failure['code']}"
    if run.get("held_back"):
        return "removals held back"
    if run.get("answered_by"):
        return f"answered by {run['answered_by']}"
    return "proof" if run.get("proven") else ""


def import_rows(run: Document) -> Iterator[tuple[str, Any]]:
    """What is known of one import, without the refused products."""
    yield "import", run["_id"]
    yield "shop", run["shop_key"]
    yield "mode", run["mode"]
    yield "state", run["state"]
    yield "request", run["request_id"]
    yield "asked for", run["requested_at"]
    yield "started", run.get("started_at")
    yield "ended", run.get("ended_at")
    yield "reads", _reads(run.get("interval"))
    if run["state"] != "finished":
        yield "page", run["position"]["page"]
    for name in ("read", "changed", "removed", "refused"):
        yield name, run["counts"][name]
    yield "products before", run.get("present_before")
    yield "proves absences", bool(run.get("proven"))
    if run.get("unproven_because"):
        yield "no proof because", run["unproven_because"]
    if run.get("confirm_shrink_of"):
        yield "confirms the loss of", run["confirm_shrink_of"]
    if run.get("answered_by"):
        yield "answered by", run["answered_by"]
    if failure := run.get("failure"):
        yield "failed", f"{failure['code']}: {failure['message']}"


def _reads(interval: Document | None) -> str:
    if not interval:
        return "the complete listing"
    return f"what was updated from {show(interval['since'])} to {show(interval['until'])}"


def as_document(run: Document) -> dict[str, Any]:
    """For JSON: without the service's own book-keeping."""
    return {"id": run["_id"], **{name: value for name, value in run.items() if name not in ("_id", *_BOOKKEEPING)}}
