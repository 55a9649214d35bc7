"""一括入力・変更: the same values for many products, and what became of it product by product (ED-2, ED-6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions import Actions
from console.errors import NoSuchPage
from console.forms.attributes import needed_certificates
from console.forms.bulk import BulkEntered, bulk_changes
from console.forms.product import Errors, digest
from console.live import Situation
from console.model import Action
from console.screens.asked import Selection
from console.screens.drafts import DraftKeeping, DraftPages, is_switching
from console.screens.product_lists import Picking, ProductLists
from console.store import BulkReports
from console.web.rendering import Pages
from console.web.visits import is_partial, shop_of, visit_of
from shopsync_contracts.events import EditChanges
from shopsync_readmodel.products.demands import find_lacking_of
from shopsync_readmodel.products.names import NamedProduct, read_named
from shopsync_readmodel.products.search import read_numbers
from shopsync_readmodel.runs.words import edit_refusal
from shopsync_readmodel.words import Words
from shopsync_runtime.mongo import Database

BULK: Final = "/bulk"
_NAMED: Final = 10
_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class Chosen:
    """The products that the form is about. `first`: numbers and names of some; `unknown`: numbers not in the tool.

    `by`: the list's filter, when all that it takes are chosen.
    """

    numbers: tuple[str, ...]
    first: tuple[tuple[str, str], ...]
    unknown: int
    fields: Sequence[tuple[str, str]]
    by: Mapping[str, str] | None = None

    @property
    def which(self) -> str:
        """The same for the same products: as many others may match as did before."""
        return digest("/".join(self.numbers))


@dataclass(frozen=True, slots=True)
class BulkForm:
    """All that the form shows. `stepped`: which picker was used."""

    entered: BulkEntered = field(default_factory=BulkEntered)
    picking: Picking = field(default_factory=Picking)
    errors: Errors = field(default_factory=dict)
    stepped: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page in answer to the form. `action_id`: of the page that asks, which sends once, however often it is opened.

    `has_changed`: other products match than those for which it was asked before.
    """

    selection: Selection
    form: BulkForm
    action_id: str | None = None
    has_changed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One product of the report. `outcome`: refused, applied, applying or waiting.

    `is_lacking`: it has not what its category requires, so that a push would refuse it.
    """

    product_no: str
    product: NamedProduct | None
    outcome: str
    reason: Words | None = None
    is_lacking: bool = False


class BulkScreen:
    """`/bulk`, and the report of each at `/bulk/{action_id}`."""

    def __init__(
        self,
        pages: Pages,
        database: Database,
        actions: Actions,
        lists: ProductLists,
        reports: BulkReports,
        drafts: DraftKeeping,
    ) -> None:
        self._drafts = DraftPages(drafts, Shown)
        self._pages = pages
        self._database = database
        self._actions = actions
        self._lists = lists
        self._situation = Situation(database)
        self._reports = reports

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route(BULK, self.open, methods=["GET"], name="bulk"),
            Route(BULK, self.take, methods=["POST"]),
            Route(f"{BULK}/{{action_id}}", self.report, methods=["GET"], name="bulk_report"),
        ]

    async def open(self, request: Request) -> Response:
        """What the form was answered with. Without products there is nothing to change: they are chosen in the list."""
        shop_key, shown = shop_of(request), await self._drafts.asked_for(request)
        chosen = None if shown is None else await self._chosen(shop_key, shown.selection)
        if shown is None or chosen is None or not chosen.numbers:
            return self._pages.page(request, "bulk/none.html")
        form = shown.form
        lists = await self._lists.read(shop_key, form.entered.texts["category_id"], form.picking)
        certificates = needed_certificates(lists.requirements, {})
        values: dict[str, Any] = {"chosen": chosen, "form": form, "lists": lists, "certificates": certificates}
        if shown.action_id is None:
            draft = request.query_params.get("draft", "")
            return self._pages.page(request, "bulk/form.html", texts=form.entered.texts, draft=draft, **values)
        fields = [*chosen.fields, *form.entered.fields(), ("brand_name", form.picking.brand_name)]
        values |= {"fields": fields, "action_id": shown.action_id, "has_changed": shown.has_changed}
        values["amounts"] = form.entered.amounts()
        return self._pages.page(request, "bulk/confirm.html", **values)

    async def take(self, request: Request) -> Response:
        """From the list, then one step of the form after the other."""
        form = visit_of(request).form
        selection, picking = Selection.of(form), Picking.from_form(form)
        now = BulkForm(BulkEntered.from_form(form), picking)
        if is_switching(request):
            before = await self._drafts.before(request)
            errors = {} if before is None else before.form.errors
            return await self._drafts.in_other_language(request, Shown(selection, replace(now, errors=errors)))
        await self._drafts.leave(request, Shown(selection, now))
        step, _, value = str(form.get("step", "")).partition(":")
        if step == "enter":
            step = "check" if picking.wanted_by_enter == "save" else picking.wanted_by_enter
        if step in {"check", "send"}:
            return await self._go_on(request, Shown(selection, now), is_confirmed=step == "send")
        picking, picked = picking.step(step, value)
        entered = replace(now.entered, texts={**now.entered.texts, **picked})
        stepped = replace(now, entered=entered, picking=picking, stepped=step.partition("_")[0])
        return await self._drafts.lead_to(request, Shown(selection, stepped))

    async def _go_on(self, request: Request, shown: Shown, *, is_confirmed: bool) -> Response:
        now = shown.form
        changes, errors = bulk_changes(now.entered)
        lists = await self._lists.read(shop_of(request), now.entered.texts["category_id"], now.picking)
        errors |= await self._lists.faults(shop_of(request), changes, lists, now.picking)
        if errors:
            return await self._drafts.lead_to(request, replace(shown, form=replace(now, errors=errors)))
        if not is_confirmed:
            return await self._drafts.lead_to(request, replace(shown, action_id=str(uuid4())))
        return await self._send(request, shown, changes)

    async def _send(self, request: Request, shown: Shown, changes: EditChanges) -> Response:
        shop_key, form = shop_of(request), visit_of(request).form
        action_id = str(form.get("action_id", ""))
        if await self._actions.is_sent(shop_key, action_id):
            return RedirectResponse(f"{BULK}/{action_id}", 303)
        chosen = await self._chosen(shop_key, shown.selection)
        if form.get("which") != chosen.which:
            # Others than were shown match by now.
            asked = replace(shown, action_id=str(uuid4()), has_changed="which" in form)
            return await self._drafts.lead_to(request, asked)
        followed = await self._actions.bulk_edit(
            shop_key, chosen.numbers, changes, shown.form.entered.sync_enabled, action_id=action_id, chosen=chosen.by
        )
        return RedirectResponse(f"{BULK}/{followed}", 303)

    async def _chosen(self, shop_key: str, selection: Selection) -> Chosen:
        """Ticked numbers that the tool does not have are left out: nothing could be written to them."""
        if selection.all_of is not None:
            numbers = await read_numbers(self._database, shop_key, selection.all_of.filter(shop_key))
            named = await read_named(self._database, shop_key, numbers[:_NAMED])
            unknown = 0
        else:
            named = await read_named(self._database, shop_key, selection.numbers)
            numbers = [one for one in selection.numbers if one in named]
            unknown = len(selection.numbers) - len(numbers)
        first = tuple((one, named[one].name) for one in numbers[:_NAMED] if one in named)
        by = None if selection.all_of is None else selection.all_of.values()
        return Chosen(tuple(numbers), first, unknown, selection.fields(), by)

    # The report ---------------------------------------------------------------------------------------------

    async def report(self, request: Request) -> Response:
        """What became of it so far; at its end page by page, refused products first."""
        shop_key, after = shop_of(request), request.query_params.get("after", "")
        action = await self._actions.get(shop_key, request.path_params["action_id"])
        if action is None or action.kind != "bulk_edit":
            raise NoSuchPage("no such bulk edit in this shop")
        template = "bulk/progress.html" if is_partial(request) else "bulk/report.html"
        values = await self._kept(shop_key, action, after) or await self._lines(shop_key, action)
        return self._pages.page(request, template, action=action, **values)

    async def _kept(self, shop_key: str, action: Action, after: str) -> dict[str, Any] | None:
        """A page of the finished report; None as long as there is none."""
        page = await self._reports.page(shop_key, action.id, after)
        if not page.lines:
            return None
        numbers = [number for number, _ in page.lines]
        named = await read_named(self._database, shop_key, numbers)
        written = [number for number, reason in page.lines if reason is None]
        lacking = await find_lacking_of(self._database, shop_key, written, self._lists.demands.of(shop_key))
        lines = [
            Line(
                number,
                named.get(number),
                "applied" if reason is None else "refused",
                _in_words(reason),
                is_lacking=number in lacking,
            )
            for number, reason in page.lines
        ]
        return {"lines": lines, "not_shown": 0, "next_after": page.after, "is_first": not after, "is_gone": False}

    async def _lines(self, shop_key: str, action: Action) -> dict[str, Any]:
        refused = dict(action.refused)
        # Of more refusals than are kept nobody can say which of the others were applied.
        is_known = action.refused_count <= len(refused)
        others = [one for one in action.product_nos or () if is_known and one not in refused]
        numbers = [*refused, *others][:_SHOWN]
        named = await read_named(self._database, shop_key, numbers)
        accepted = [one for one in numbers if one not in refused]
        applied: set[str] = set(accepted)
        if action.is_open and action.marks is not None:
            applied = await self._situation.carrying(shop_key, accepted, action.marks, action.sent_at)

        def outcome(number: str) -> str:
            if action.state == "unknown":
                return "unknown"
            if number in refused or (action.state == "refused" and number not in applied):
                return "refused"
            return "applied" if number in applied and action.state != "refused" else "applying"

        lines = [Line(one, named.get(one), outcome(one), _in_words(refused.get(one))) for one in numbers]
        left = max(0, (action.count or 0) - len(lines))
        # It ended with a report, and that is not there any more.
        is_gone = not action.is_open and "applied" in (action.progress or {})
        return {"lines": lines, "not_shown": left, "next_after": None, "is_first": True, "is_gone": is_gone}


def _in_words(reason: str | None) -> Words | None:
    return edit_refusal(reason) if reason else None
