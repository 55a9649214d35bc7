"""履歴: imports, syncs, the nights' sweeps and what was refused, each under an address of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions import Actions
from console.actions.publishing import PUBLISHED
from console.errors import NoSuchPage
from console.model import Action, Refusal, SyncNote
from console.store import Notes
from console.store.actions import KEPT
from console.web.rendering import Pages
from console.web.visits import shop_of
from shopsync_readmodel.errors import NoRun, WrongCursor
from shopsync_readmodel.products.names import read_named
from shopsync_readmodel.runs import words
from shopsync_readmodel.runs.imports import Import, read_import, read_imports
from shopsync_readmodel.runs.sweeps import Sweep, read_sweep, read_sweeps
from shopsync_readmodel.words import Words
from shopsync_runtime.mongo import Database

HISTORY: Final = "/history"
TABS: Final = ("imports", "syncs", "sweeps", "refusals")
KINDS: Final = tuple(body.TYPE for body in PUBLISHED)
PAGE: Final = 30
_LINES: Final = 200


@dataclass(frozen=True, slots=True)
class SyncRow:
    """One sync. `counts`: what was chosen; `action`: the merchant's own press, with what became of it."""

    at: datetime
    reason: str
    counts: Mapping[str, int] | None
    refused: Words | None
    action: Action | None


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """One refusal: a single event, or a bulk edit of which some products were refused (`action`)."""

    at: datetime
    kind: str
    product_no: str | None = None
    reason: Words | None = None
    action: Action | None = None


class HistoryScreen:
    """`/history/…`."""

    def __init__(self, pages: Pages, database: Database, actions: Actions, notes: Notes) -> None:
        self._pages = pages
        self._database = database
        self._actions = actions
        self._notes = notes

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route(HISTORY, self.home, methods=["GET"], name="history"),
            Route(f"{HISTORY}/imports", self.imports, methods=["GET"], name="imports"),
            Route(f"{HISTORY}/imports/{{run_id}}", self.one_import, methods=["GET"], name="import"),
            Route(f"{HISTORY}/syncs", self.syncs, methods=["GET"], name="syncs"),
            Route(f"{HISTORY}/sweeps", self.sweeps, methods=["GET"], name="sweeps"),
            Route(f"{HISTORY}/sweeps/{{run_id}}", self.one_sweep, methods=["GET"], name="sweep"),
            Route(f"{HISTORY}/refusals", self.refusals, methods=["GET"], name="refusals"),
        ]

    async def home(self, _request: Request) -> Response:
        """Imports come first."""
        return RedirectResponse(f"{HISTORY}/imports", 303)

    async def imports(self, request: Request) -> Response:
        """What was read from futureshop."""
        try:
            found, following = await read_imports(self._database, shop_of(request), PAGE, _after(request))
        except WrongCursor as error:
            raise NoSuchPage(str(error)) from None
        runs = [(run, _state_of(run), _why_import(run)) for run in found]
        return self._page(request, "imports", runs=runs, following=following)

    async def one_import(self, request: Request) -> Response:
        """One import with the products that it refused."""
        try:
            run = await read_import(self._database, shop_of(request), request.path_params["run_id"])
        except NoRun as error:
            raise NoSuchPage(str(error)) from None
        refused, following = _page_of(run.refused, _after(request))
        lines = [(number, words.refused_product(reason)) for number, reason in refused]
        named = await read_named(self._database, run.shop_key, (number for number, _ in lines))
        values = {"run": run, "state": _state_of(run), "why": _why_import(run), "lines": lines, "named": named}
        return self._page(request, "imports", "history/import.html", following=following, **values)

    async def syncs(self, request: Request) -> Response:
        """What was sent to TikTok Shop, by hand and by timing."""
        shop_key = shop_of(request)
        actions = await self._actions.recent(shop_key, KEPT)
        rows = _sync_rows(await self._notes.syncs(shop_key), [one for one in actions if one.kind == "sync"])
        shown, following = _page_by_time(rows, _after(request))
        return self._page(request, "syncs", rows=shown, following=following)

    async def sweeps(self, request: Request) -> Response:
        """What the nights did."""
        try:
            found, following = await read_sweeps(self._database, shop_of(request), PAGE, _after(request))
        except WrongCursor as error:
            raise NoSuchPage(str(error)) from None
        return self._page(request, "sweeps", runs=[(run, _why_sweep(run)) for run in found], following=following)

    async def one_sweep(self, request: Request) -> Response:
        """One night with a verdict for every product that was gone from futureshop."""
        try:
            run = await read_sweep(self._database, shop_of(request), request.path_params["run_id"])
        except NoRun as error:
            raise NoSuchPage(str(error)) from None
        verdicts, following = _page_of(run.verdicts, _after(request))
        lines = [(number, words.sweep_verdict(one)) for number, one in verdicts]
        named = await read_named(self._database, run.shop_key, (number for number, _ in lines))
        values = {"run": run, "why": _why_sweep(run), "lines": lines, "named": named}
        return self._page(request, "sweeps", "history/sweep.html", following=following, **values)

    async def refusals(self, request: Request) -> Response:
        """What could not be applied, and why."""
        shop_key = shop_of(request)
        actions = await self._actions.recent(shop_key, KEPT)
        rows = _refusal_rows(await self._notes.refusals(shop_key), actions)
        shown, following = _page_by_time(rows, _after(request))
        return self._page(request, "refusals", rows=shown, following=following, kinds=KINDS)

    def _page(self, request: Request, tab: str, template: str = "", **values: Any) -> Response:
        return self._pages.page(
            request, template or f"history/{tab}.html", tab=tab, tabs=TABS, after=_after(request), **values
        )


def _after(request: Request) -> str | None:
    return request.query_params.get("after") or None


def _state_of(run: Import) -> str:
    """A name of a text."""
    if run.failure is not None:
        return "failed"
    if run.held_back:
        return "held_back"
    if run.answered_by is not None:
        return "answered"
    if run.state == "finished":
        return "done"
    return "waiting" if run.state == "queued" else "running"


def _why_import(run: Import) -> Words | None:
    if run.failure is not None:
        return words.import_failure(run.failure)
    return words.unproven(run.unproven_because) if run.held_back and run.unproven_because else None


def _why_sweep(run: Sweep) -> Words | None:
    return words.sweep_refusal(run.refused_because) if run.refused_because else None


def _page_of(entries: Iterable[tuple[str, str]], after: str | None) -> tuple[list[tuple[str, str]], str | None]:
    """By product number, after one of them; and the number to go on from."""
    rest = sorted(one for one in entries if after is None or one[0] > after)
    return rest[:_LINES], rest[_LINES - 1][0] if len(rest) > _LINES else None


def _page_by_time(rows: Sequence[Any], after: str | None) -> tuple[Sequence[Any], str | None]:
    """Newest first, by `at`; after the number of that many. There are few: they are kept in one document."""
    try:
        start = int(after or "0")
    except ValueError:
        raise NoSuchPage("no such page") from None
    shown = rows[max(start, 0) :][:PAGE]
    last = max(start, 0) + len(shown)
    return shown, str(last) if last < len(rows) else None


def _sync_rows(notes: Sequence[SyncNote], actions: Sequence[Action]) -> list[SyncRow]:
    of_events = {event_id: one for one in actions for event_id in one.event_ids}
    parts: dict[str, list[SyncNote]] = {}
    rows = []
    for note in notes:
        action = of_events.get(note.request_id or "")
        if action is None:
            rows.append(SyncRow(note.at, note.reason, note.counts, _why_sync([note]), None))
        else:
            parts.setdefault(action.id, []).append(note)
    for action in actions:
        found = parts.get(action.id, [])
        rows.append(SyncRow(action.sent_at, "manual", _sum(found), _why_sync(found), action))
    return sorted(rows, key=lambda row: row.at, reverse=True)


def _sum(notes: Sequence[SyncNote]) -> Mapping[str, int] | None:
    if not notes:
        return None
    return {name: sum(note.counts.get(name, 0) for note in notes) for name in notes[0].counts}


def _why_sync(notes: Sequence[SyncNote]) -> Words | None:
    text = next((note.refused_because for note in notes if note.refused_because), None)
    return None if text is None else words.sync_refusal(text)


def _refusal_rows(notes: Sequence[Refusal], actions: Sequence[Action]) -> list[RefusalRow]:
    rows = [RefusalRow(one.at, one.kind, one.product_no, words.edit_refusal(one.reason)) for one in notes]
    rows += [
        RefusalRow(one.sent_at, "products.bulk_edited", action=one)
        for one in actions
        if one.kind == "bulk_edit" and one.refused
    ]
    return sorted(rows, key=lambda row: row.at, reverse=True)
