"""連携設定: when products are sent by themselves, and the tax of prices for which futureshop says nothing."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions import Actions
from console.model import Action
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


class SettingsScreen:
    """`/settings`."""

    def __init__(self, pages: Pages, actions: Actions, database: Database) -> None:
        self._pages = pages
        self._actions = actions
        self._database = database

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route(SETTINGS, self.show, methods=["GET"], name="settings"),
            Route(SETTINGS, self.save, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """As they are stored; while a saving is on its way, how far it is."""
        shop_key = shop_of(request)
        stored = await self._stored(shop_key)
        saved = request.query_params.get("saved")
        action = stored.pending
        if action is None and saved:
            action = await self._actions.get(shop_key, saved)
        if stored.pending is not None and "edit" not in request.query_params:
            return self._pages.page(request, "settings/saving.html", action=action)
        return self._form(request, stored.values, Entered.of(stored.values), action=action)

    async def save(self, request: Request) -> Response:
        """Check, ask where it puts hidden products on sale again, and send."""
        shop_key, form = shop_of(request), visit_of(request).form
        stored = await self._stored(shop_key, but_for=str(form.get("action_id", "")))
        entered = Entered.from_form(form)
        if "more" in form or "back" in form:
            return self._form(request, stored.values, entered, more=MORE_TIMES if "more" in form else 0)
        checked = check(entered, stored.values)
        if checked.values is None:
            return self._form(request, stored.values, entered, 422, checked=checked)
        if checked.values == stored.values and stored.pending is None:
            return self._form(request, stored.values, entered, unchanged=True)
        if _is_overtaken(form, stored):
            return self._compared(request, stored, entered)
        return await self._save(request, stored.values, entered, checked.values)

    async def _save(self, request: Request, now: Values, entered: Entered, wanted: Values) -> Response:
        shop_key, form = shop_of(request), visit_of(request).form
        hidden = await self._shown_again(shop_key, wanted, now)
        if hidden.count > _confirmed(form):
            fields = [*entered.fields(), *_carried(form)]
            return self._pages.page(
                request, "settings/confirm.html", hidden=hidden, fields=fields, mode=wanted.sync.mode
            )
        action_id = str(form.get("action_id", ""))
        saved = await self._actions.save_settings(shop_key, wanted.sync, wanted.tax, action_id=action_id)
        return RedirectResponse(f"{SETTINGS}?saved={saved}", 303)

    async def _stored(self, shop_key: str, *, but_for: str = "") -> _Stored:
        found = await read_settings(self._database, shop_key)
        values = Values(SyncSettings(), TaxDefaults()) if found is None else Values(found.sync, found.tax)
        since = None if found is None else found.updated_at
        open_ones = [
            one
            for one in await self._actions.open_of(shop_key)
            if one.kind == "settings" and one.id != but_for and (since is None or since < one.sent_at)
        ]
        return _Stored(values, open_ones[0] if open_ones else None)

    async def _shown_again(self, shop_key: str, wanted: Values, now: Values) -> HiddenProducts:
        """What a timing that was not there before would put on sale (LY-6)."""
        if not wanted.is_timed or wanted.sync == now.sync:
            return HiddenProducts(0, ())
        return await read_hidden(self._database, shop_key, _NAMED)

    def _compared(self, request: Request, stored: _Stored, entered: Entered) -> Response:
        """Both side by side. What the merchant has now seen may be replaced by the next press."""
        pending = stored.pending
        differing = differences(Entered.of(stored.values), entered)
        seen = {"was": stored.values.text(), "despite": "" if pending is None else pending.id}
        return self._form(request, stored.values, entered, 409, pending=pending, differing=differing, **seen)

    def _form(self, request: Request, now: Values, entered: Entered, status: int = 200, **more: Any) -> Response:
        form, times = visit_of(request).form, list(entered.times)
        blank = max(more.pop("more", 0), LEAST_TIMES - len(times), 1)
        values: dict[str, Any] = {
            "entered": entered,
            "times": times + [""] * blank,
            "modes": MODES,
            "roundings": ROUNDINGS,
            "checked": Checked(),
            "action": None,
            "action_id": str(form.get("action_id") or uuid4()),
            "was": str(form.get("was") or now.text()),
            "despite": "",
            "pending": None,
            "differing": None,
            "unchanged": False,
        }
        return self._pages.page(request, "settings/form.html", status, **(values | more))


def _is_overtaken(form: FormData, stored: _Stored) -> bool:
    """Whether somebody else saved meanwhile: in another tab, or the operator."""
    if form.get("was") != stored.values.text():
        return True
    return stored.pending is not None and form.get("despite") != stored.pending.id


def _confirmed(form: FormData) -> int:
    """How many products the merchant has agreed to show again."""
    text = str(form.get("confirmed", ""))
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _carried(form: FormData) -> list[tuple[str, str]]:
    return [(name, str(form.get(name, ""))) for name in ("action_id", "was", "despite")]
