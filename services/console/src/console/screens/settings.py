"""連携設定: when products are sent by themselves, and the tax of prices for which futureshop says nothing."""

from dataclasses import dataclass, replace
from typing import Any, Final, Literal
from uuid import uuid4

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions import Actions
from console.errors import SettingsChanged
from console.live.rules import ended
from console.model import Action
from console.screens.drafts import DraftKeeping, DraftPages, is_switching
from console.screens.settings_form import (
    LEAST_TIMES,
    MODES,
    MORE_TIMES,
    ROUNDINGS,
    Checked,
    Entered,
    Values,
    check,
    differences,
)
from console.web.rendering import Pages
from console.web.visits import shop_of, visit_of
from shopsync_contracts.events import SyncSettings, TaxDefaults
from shopsync_readmodel.products.hidden import HiddenProducts, read_hidden
from shopsync_readmodel.shops.settings import read_settings
from shopsync_runtime.mongo import Database

SETTINGS: Final = "/settings"
_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class _Stored:
    """`pending`: somebody's saving that is not stored yet."""

    values: Values
    pending: Action | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A page in answer to the form: what is entered, and what was found. `was` and `despite`: as the form had them.

    `wrong`: the form with what is wrong beside its fields. `compared`: beside what somebody else saved meanwhile.
    `confirm`: the question whether hidden products may come back.
    """

    entered: Entered
    action_id: str
    was: str
    despite: str
    found: Literal["entered", "more", "wrong", "unchanged", "compared", "confirm"] = "entered"


class SettingsScreen:
    """`/settings`."""

    def __init__(self, pages: Pages, actions: Actions, database: Database, drafts: DraftKeeping) -> None:
        self._pages = pages
        self._actions = actions
        self._database = database
        self._drafts = DraftPages(drafts, Shown)

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route(SETTINGS, self.show, methods=["GET"], name="settings"),
            Route(SETTINGS, self.save, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """As they are stored; while a saving is on its way, how far it is. Or what a form was answered with."""
        shop_key = shop_of(request)
        if (shown := await self._drafts.asked_for(request)) is not None:
            return await self._answer(request, await self._stored(shop_key, but_for=shown.action_id), shown)
        stored = await self._stored(shop_key)
        saved = request.query_params.get("saved")
        action = stored.pending
        if action is None and saved:
            action = await self._actions.get(shop_key, saved)
        if action is not None and action.is_open and stored.pending is None:
            # Its values are those of the form already: what follows actions looks at them a moment later.
            action = ended(action, "done")
        if stored.pending is not None and "edit" not in request.query_params:
            return self._pages.page(request, "settings/saving.html", action=action)
        shown = Shown(Entered.of(stored.values), str(uuid4()), stored.values.text(), "")
        return self._form(request, shown, action=action)

    async def save(self, request: Request) -> Response:
        """Check, ask where it puts hidden products on sale again, and send."""
        shop_key, form = shop_of(request), visit_of(request).form
        action_id = str(form.get("action_id", ""))
        stored = await self._stored(shop_key, but_for=action_id)
        entered, was = Entered.from_form(form), str(form.get("was") or stored.values.text())
        shown = Shown(entered, action_id or str(uuid4()), was, str(form.get("despite", "")))
        if is_switching(request):
            before = await self._drafts.before(request)
            return await self._drafts.in_other_language(
                request, replace(shown, found="entered" if before is None else before.found)
            )
        await self._drafts.leave(request, shown)
        if "more" in form or "back" in form:
            return await self._drafts.lead_to(request, replace(shown, found="more" if "more" in form else "entered"))
        checked = check(entered, stored.values)
        if checked.values is None:
            return await self._drafts.lead_to(request, replace(shown, found="wrong"))
        if checked.values == stored.values and stored.pending is None:
            return await self._drafts.lead_to(request, replace(shown, found="unchanged"))
        if _is_overtaken(form, stored):
            return await self._drafts.lead_to(request, replace(shown, found="compared"))
        return await self._send(request, stored.values, checked.values, shown)

    async def _send(self, request: Request, now: Values, wanted: Values, shown: Shown) -> Response:
        shop_key, form = shop_of(request), visit_of(request).form
        if (await self._shown_again(shop_key, wanted, now)).count > _confirmed(form):
            return await self._drafts.lead_to(request, replace(shown, found="confirm"))
        action_id, seen = str(form.get("action_id", "")), (now.sync, now.tax)
        try:
            saved = await self._actions.save_settings(shop_key, wanted.sync, wanted.tax, action_id=action_id, seen=seen)
        except SettingsChanged:
            return await self._drafts.lead_to(request, replace(shown, found="compared"))
        return RedirectResponse(f"{SETTINGS}?saved={saved}", 303)

    async def _answer(self, request: Request, stored: _Stored, shown: Shown) -> Response:
        """The page, with what is stored now."""
        checked = check(shown.entered, stored.values)
        match shown.found:
            case "confirm" if checked.values is not None:
                return await self._confirm(request, stored.values, checked.values, shown)
            case "compared":
                return self._compared(request, stored, shown)
            case "wrong":
                return self._form(request, shown, checked=checked)
            case _:
                return self._form(request, shown, unchanged=shown.found == "unchanged")

    async def _confirm(self, request: Request, now: Values, wanted: Values, shown: Shown) -> Response:
        hidden = await self._shown_again(shop_of(request), wanted, now)
        carried = [("action_id", shown.action_id), ("was", shown.was), ("despite", shown.despite)]
        fields = [*shown.entered.fields(), *carried]
        return self._pages.page(request, "settings/confirm.html", hidden=hidden, fields=fields, mode=wanted.sync.mode)

    async def _stored(self, shop_key: str, *, but_for: str = "") -> _Stored:
        # Before the settings: a saving that has ended by now stands in them.
        savings = [one for one in await self._actions.open_of(shop_key) if one.kind == "settings"]
        found = await read_settings(self._database, shop_key)
        values = Values(SyncSettings(), TaxDefaults()) if found is None else Values(found.sync, found.tax)
        since = None if found is None else found.updated_at
        open_ones = [one for one in savings if one.id != but_for and (since is None or since < one.sent_at)]
        return _Stored(values, open_ones[0] if open_ones else None)

    async def _shown_again(self, shop_key: str, wanted: Values, now: Values) -> HiddenProducts:
        """What a timing that was not there before would put on sale (LY-6)."""
        if not wanted.is_timed or wanted.sync == now.sync:
            return HiddenProducts(0, ())
        return await read_hidden(self._database, shop_key, _NAMED)

    def _compared(self, request: Request, stored: _Stored, shown: Shown) -> Response:
        """Both side by side. What the merchant has now seen may be replaced by the next press."""
        pending = stored.pending
        differing = differences(Entered.of(stored.values), shown.entered)
        seen = replace(shown, was=stored.values.text(), despite="" if pending is None else pending.id)
        return self._form(request, seen, pending=pending, differing=differing)

    def _form(self, request: Request, shown: Shown, **more: Any) -> Response:
        times = list(shown.entered.times)
        blank = max(MORE_TIMES if shown.found == "more" else 0, LEAST_TIMES - len(times), 1)
        values: dict[str, Any] = {
            "entered": shown.entered,
            "times": times + [""] * blank,
            "modes": MODES,
            "roundings": ROUNDINGS,
            "checked": Checked(),
            "action": None,
            "action_id": shown.action_id,
            "was": shown.was,
            "despite": shown.despite,
            "is_unsaved": "draft" in request.query_params and shown.found != "unchanged",
            "draft": request.query_params.get("draft", ""),
            "pending": None,
            "differing": None,
            "unchanged": False,
        }
        return self._pages.page(request, "settings/form.html", **(values | more))


def _is_overtaken(form: FormData, stored: _Stored) -> bool:
    """Whether somebody else saved meanwhile: in another tab, or the operator."""
    if form.get("was") != stored.values.text():
        return True
    return stored.pending is not None and form.get("despite") != stored.pending.id


def _confirmed(form: FormData) -> int:
    """How many products the merchant has agreed to show again."""
    text = str(form.get("confirmed", ""))
    return int(text) if text.isdecimal() and len(text) < 10 else 0
