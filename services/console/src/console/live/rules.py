"""What became of an action, from what is known. Pure: each function returns the action as it is now.

Certain: an edit is done when the product's layers carry its time; it is refused when there is a dead letter with its
id. A later time in its place means that a later edit replaced it, or that it was refused and its dead letter comes in
a moment, so that case waits a little.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import nsmallest

from console.live.knowledge import Knowledge, Letter, Pushed
from console.model import COUNT_OF_FAILED, Action, ActionState
from shopsync_contracts import bulk_edit_part_id
from shopsync_contracts.events import (
    BulkEditCompleted,
    ImportCompleted,
    ImportFailed,
    ImportProgress,
    ProductEdited,
    SyncCompleted,
    SyncCounts,
    SyncTargetSet,
)
from shopsync_readmodel.stored.effects import EditMarks
from shopsync_readmodel.stored.layers import Layers
from shopsync_readmodel.stored.replies import BulkReport, refusal_of

GIVEN_UP_AFTER = timedelta(days=7)
"""Nothing is followed for longer: reviews of TikTok Shop take days, everything else minutes."""

NAMED_FAILURES = 5


@dataclass(frozen=True, slots=True)
class Stored:
    """A product as it is stored now: None for what is not there. `removed`: it was deleted after the action."""

    layers: Layers | None = None
    edited_fields: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    removed: bool = False


@dataclass(frozen=True, slots=True)
class HoldUp:
    """Why the shop's pushes wait, and until when where that is known."""

    code: str
    until: datetime | None = None
    reason: str | None = None


def ended(action: Action, state: ActionState, code: str | None = None, reason: str | None = None) -> Action:
    """The action at its end, or waiting: without what it waited for."""
    return replace(action, state=state, code=code, reason=reason, until=None)


def refused(action: Action, letter: Letter) -> Action:
    """By a dead letter."""
    return ended(action, "refused", "refused", letter.error or letter.error_type)


def confirmed(before: Action, after: Action) -> Action:
    """The action as it is now, if what was found of it can only come from its own events; else as it was.

    For one that nobody knows to be sent. A later change in its place, or a product that is gone, proves nothing; of
    several events one that waits does not prove the others.
    """
    if before.is_confirmed or after.progress is not None:
        return after
    if after.is_open:
        return after if after.code == "held" and len(after.event_ids) == 1 else before
    return before if after.code in {"later", "deleted"} else after


def too_old(action: Action) -> Action:
    """Not followed any longer."""
    return ended(action, "done", "review" if action.code == "review" else "old", action.reason)


# One product ---------------------------------------------------------------------------------------------------


def edit_now(action: Action, product: Stored, letter: Letter | None, *, settled: bool) -> Action:
    """An edit or a switch of one product. `settled`: a dead letter would have come by now."""
    if letter is not None:
        return refused(action, letter)
    if product.layers is None:
        if product.removed:
            return ended(action, "refused", "deleted")
        return ended(action, "waiting", "held") if action.id in product.held else ended(action, "applying")
    outcome = standing(action.marks or EditMarks(), action.sent_at, product, settled=settled)
    if outcome is not None:
        return ended(action, "done", outcome or None)
    if action.id in product.held:
        return ended(action, "waiting", "held")
    return ended(action, "applying")


def standing(marks: EditMarks, at: datetime, product: Stored, *, settled: bool) -> str | None:
    """None: not applied yet. Empty: it stands. Else what stands in its place: a `later` edit, or an `import`."""
    oldest = None if product.layers is None else marks.oldest(product.layers)
    if oldest is None or oldest < at or (oldest > at and not settled):
        return None
    if oldest > at:
        return "later"
    return "" if set(marks.given) <= product.edited_fields else "import"


# Many products -------------------------------------------------------------------------------------------------


Verdicts = tuple[dict[str, str], dict[str, str]]
"""The products that take a bulk edit, with the id of their event; and the refused ones with reasons."""


def bulk_verdicts(action: Action, known: Knowledge) -> Verdicts | None:
    """None: not known yet. A part that was itself refused has its own dead letter."""
    has_letters = known.letters_seen(action.shop_key) > 0
    accepted: dict[str, str] = {}
    refusals: dict[str, str] = {}
    for event_id in action.event_ids:
        report = BulkReport()
        for body in known.reports(action.shop_key, event_id):
            if isinstance(body, BulkEditCompleted):
                report.pages[body.page] = body
        if not report.complete:
            return None
        for verdict in report.verdicts:
            if verdict.verdict == "refused":
                refusals[verdict.product_no] = verdict.reason
            elif has_letters and (letter := _part_letter(action.shop_key, event_id, verdict.product_no, known)):
                refusals[verdict.product_no] = letter.error
            else:
                accepted[verdict.product_no] = event_id
    return accepted, refusals


def _part_letter(shop_key: str, event_id: str, product_no: str, known: Knowledge) -> Letter | None:
    ids = [bulk_edit_part_id(event_id, product_no, body) for body in (ProductEdited, SyncTargetSet)]
    return next((letter for one in ids if (letter := known.letter(shop_key, one)) is not None), None)


def bulk_now(action: Action, applied: int, waiting: int, refusals: Mapping[str, str]) -> Action:
    """A bulk edit whose report is there."""
    progress = {"total": applied + waiting + len(refusals), "applied": applied, "refused": len(refusals)}
    now = replace(action, progress={**progress, "waiting": waiting}, refused=tuple(refusals.items()))
    if waiting:
        return ended(now, "applying")
    if not refusals:
        return ended(now, "done")
    state: ActionState = "done" if applied else "refused"
    return ended(now, state, "some_refused" if applied else "refused")


# Imports and syncs ---------------------------------------------------------------------------------------------


def import_now(action: Action, reports: Sequence[object]) -> Action:
    """An import, by the newest of its reports."""
    for report in reversed(reports):
        match report:
            case ImportFailed():
                counts = {"read": report.counts.read, "changed": report.counts.changed}
                now = replace(action, progress=counts)
                return ended(now, "refused", "failed_import", refusal_of(report))
            case ImportCompleted():
                return _imported(action, report)
            case ImportProgress():
                progress = {"read": report.read, "changed": report.changed, "refused": report.refused}
                total = {} if not report.expected else {"total": max(report.expected, report.read)}
                return replace(ended(action, "applying"), progress={**total, **progress})
    return ended(action, "applying")


def _imported(action: Action, report: ImportCompleted) -> Action:
    counts = report.counts
    refusals = tuple((one.product_no, one.reason) for one in report.refused)
    now = replace(action, refused=refusals, progress=counts.model_dump())
    if report.removals_held_back:
        return ended(now, "done", "held_back")
    if counts.refused:
        return ended(now, "done", "some_refused")
    return ended(now, "done")


def sync_counts(action: Action, known: Knowledge) -> tuple[SyncCounts, datetime] | str | None:
    """What all parts of the sync chose together, and since when; why it was refused; or None: not known yet."""
    total, began = SyncCounts(), None
    for event_id in action.event_ids:
        report = next((one for one in known.reports(action.shop_key, event_id) if isinstance(one, SyncCompleted)), None)
        if report is None:
            return None
        if report.refused_because is not None:
            return report.refused_because
        summed = {name: getattr(total, name) + getattr(report.counts, name) for name in SyncCounts.model_fields}
        total, began = SyncCounts(**summed), min(began or report.started_at, report.started_at)
    return None if began is None else (total, began)


def sync_now(
    action: Action,
    counts: SyncCounts,
    pushes: Mapping[str, Pushed],
    statuses: Mapping[str, int] | None,
    *,
    hold_up: HoldUp | None,
    nothing_left: bool,
) -> Action:
    """A sync whose commands are sent. `pushes`: of its products. `statuses`: how many of them are in which 状態.

    `statuses` None: the catalog has not taken all of these results, so that a 状態 may be the one before the push.
    `nothing_left`: the publisher has no push of it to do any more, whatever results were seen.
    """
    results = Counter[str](one.kind for one in pushes.values())
    sent, unchanged, skipped = results["sent"], results["unchanged"], results["skipped"]
    failed = {count: results[status] for status, count in COUNT_OF_FAILED.items()}
    waiting = 0 if nothing_left else max(0, counts.commanded - sent - unchanged - sum(failed.values()) - skipped)
    progress = {
        "total": counts.commanded,
        "commanded": counts.commanded,
        "sent": min(sent, counts.commanded),
        "unchanged": min(unchanged, counts.commanded),
        "waiting": waiting,
        **failed,
        "skipped": skipped,
        **_reviews(statuses or {}),
        "incomplete": counts.incomplete,
        "off": counts.sync_disabled,
        "not_found": counts.not_found,
    }
    now = replace(action, progress=progress, failures=_first_failures(pushes))
    if waiting and hold_up is not None:
        return replace(ended(now, "waiting", hold_up.code, hold_up.reason), until=hold_up.until)
    if waiting or statuses is None:
        return ended(now, "applying")
    return reviewed_now(now, statuses)


def reviewed_now(action: Action, statuses: Mapping[str, int]) -> Action:
    """A sync of which every product has its result: only reviews can change, and no event is needed to follow them."""
    now = replace(action, progress={**(action.progress or {}), **_reviews(statuses)})
    if statuses.get("in_review"):
        return ended(now, "waiting", "review")
    has_failures = any((now.progress or {}).get(count) for count in COUNT_OF_FAILED.values())
    return ended(now, "done", "some_failed" if has_failures else None)


def _first_failures(pushes: Mapping[str, Pushed]) -> dict[str, tuple[str, ...]]:
    """Numbers by the 状態 in which their products ended."""
    numbers = {status: [no for no, one in pushes.items() if one.kind == status] for status in COUNT_OF_FAILED}
    return {status: tuple(nsmallest(NAMED_FAILURES, found)) for status, found in numbers.items() if found}


def _reviews(statuses: Mapping[str, int]) -> dict[str, int]:
    return {name: statuses.get(name, 0) for name in ("in_review", "rejected")}
