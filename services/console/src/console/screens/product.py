"""商品詳細: one product in its layers, and its form. A page of its own, also shown in a dialog over the list."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from aiokafka.errors import KafkaError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions import Actions
from console.errors import NoSuchPage, WrongForm
from console.forms import product as forms
from console.forms.attributes import AttributeInput, as_lines, choices_of, inputs
from console.forms.errors import Wrong
from console.forms.fields import UPSTREAM, texts_of
from console.forms.missing import demanded, still_missing
from console.forms.numbers import STOCK, whole_number
from console.forms.product import Entered, Errors, Rendered
from console.model import Action
from console.screens.drafts import DraftPages
from console.screens.product_lists import Lists, Picking, ProductLists
from console.screens.product_view import ProductView, view_of
from console.store import Drafts
from console.web.rendering import Pages
from console.web.visits import SHOWN, is_partial, shop_of, visit_of
from shopsync_contracts.events import EditChanges, ProductSnapshot
from shopsync_readmodel.products.fields import futureshop_value, sku_rows
from shopsync_readmodel.products.product import StoredProduct, find_product
from shopsync_runtime.mongo import Database

_LATEST = 20
_TAKEN = ("in_review", "synced")


@dataclass(frozen=True, slots=True)
class FormState:
    """All that a form shows: what it was made with, what is entered, what is wrong, and how far the pickers are.

    `message`: the name of the text on top. `failed`: it was not sent, and the same form may be sent again. `stepped`:
    the part in which a step was made; the focus goes there. `is_fresh`: nothing was entered yet. `fill`: a number for
    all blank SKUs that was none.
    """

    was: Rendered
    entered: Entered
    picking: Picking = field(default_factory=Picking)
    errors: Errors = field(default_factory=dict)
    action_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    message: str | None = None
    failed: bool = False
    sent: str | None = None
    stepped: str = ""
    is_fresh: bool = False
    fill: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether all that is entered is what is saved: then the page says what still lacks."""
        return self.sent is not None or self.message == "no_changes"


class ProductScreen:
    """`/products/{product_no}`."""

    def __init__(
        self,
        pages: Pages,
        database: Database,
        actions: Actions,
        lists: ProductLists,
        drafts: Drafts,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._pages = pages
        self._database = database
        self._actions = actions
        self._lists = lists
        self._drafts = DraftPages(drafts, FormState)
        self._clock = clock

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route("/products/{product_no}", self.show, methods=["GET"], name="product"),
            Route("/products/{product_no}", self.take, methods=["POST"]),
            Route("/products/{product_no}/state", self.state, methods=["GET"], name="product_state"),
            Route("/products/{product_no}/target", self.switch, methods=["POST"], name="product_target"),
        ]

    async def show(self, request: Request) -> Response:
        """The page, or the dialog when htmx asks for it. Or what the form was answered with."""
        found = await self._found(request)
        state = await self._drafts.asked_for(request) or _fresh(found)
        template = "product/dialog.html" if is_partial(request) else "product/page.html"
        return await self._page(request, found, state, template=template)

    async def state(self, request: Request) -> Response:
        """What changes by itself: 状態, reasons, actions. `version`: of the form beside it."""
        found = await self._found(request)
        view = view_of(found, self._clock())
        version = request.query_params.get("version", "")
        return self._pages.page(request, "product/state.html", view=view, form_version=version)

    async def switch(self, request: Request) -> Response:
        """連携対象 ON or OFF."""
        found, form = await self._found(request), visit_of(request).form
        if form.get("on") not in {"0", "1"}:
            raise WrongForm("neither ON nor OFF")
        action_id = str(form.get("action_id", ""))
        sent = await self._actions.switch(
            shop_of(request), found.product_no, form.get("on") == "1", action_id=action_id
        )
        if not is_partial(request):
            return RedirectResponse(request.url_for("product", product_no=found.product_no).path, 303)
        actions = await self._of_product(request, found.product_no, sent)
        view, version = view_of(found, self._clock()), str(form.get("version", ""))
        return self._pages.page(request, "product/top.html", view=view, form_version=version, actions=actions)

    async def take(self, request: Request) -> Response:
        """The form: a step of a picker, or what is to be saved."""
        found, form = await self._found(request), visit_of(request).form
        was = Rendered.from_json(str(form.get("was", "")))
        picking = Picking.from_form(form)
        state = FormState(
            was, forms.read_form(form, was), picking, action_id=str(form.get("action_id", "")) or str(uuid.uuid4())
        )
        step, _, value = str(form.get("step", "enter")).partition(":")
        if step == "enter":
            step = picking.wanted_by_enter
        match step:
            case "save":
                state = await self._save(request, found, state)
            case "restore":
                state = await self._restore(request, found, state, value)
            case "fill":
                state = _filled(state, str(form.get("fill", "")).strip())
            case _:
                picking, chosen = picking.step(step, value)
                entered = replace(state.entered, texts={**state.entered.texts, **chosen})
                state = replace(state, picking=picking, entered=entered, stepped=step.partition("_")[0])
        if not is_partial(request):
            return await self._drafts.lead_to(request, state)
        status = 422 if state.errors else 503 if state.failed else 200
        return await self._page(request, found, state, template="product/body.html", status=status)

    # Saving

    async def _save(self, request: Request, found: StoredProduct, state: FormState) -> FormState:
        if found.snapshot is None:
            raise NoSuchPage("the product is not in the tool")
        shop_key, category = shop_of(request), state.entered.texts.get("category_id", state.was.texts["category_id"])
        lists = await self._lists.read(shop_key, category, state.picking)
        changes, errors = forms.changes_of(state.was, state.entered, found.snapshot, lists.fields)
        errors |= await self._lists.faults(shop_key, changes, lists, state.picking)
        if errors:
            return replace(state, errors=errors, message="wrong")
        if not changes.model_fields_set:
            return replace(state, message="no_changes")
        return await self._send(request, found, replace(state, was=forms.settled(state.was, state.entered)), changes)

    async def _restore(self, request: Request, found: StoredProduct, state: FormState, name: str) -> FormState:
        """One field of futureshop's goes back to its value; what is entered elsewhere stays entered."""
        if name not in UPSTREAM or found.snapshot is None:
            raise WrongForm("not a field of futureshop's")
        value = futureshop_value(found, name)
        content = found.snapshot.content.model_copy(update={} if value is None else {name: value})
        text = texts_of(content)[name]
        kept = forms.digest(text) if name == "description" else text
        restored = replace(
            state,
            was=replace(state.was, texts={**state.was.texts, name: kept}),
            entered=replace(state.entered, texts={**state.entered.texts, name: text}),
        )
        return await self._send(request, found, restored, EditChanges.model_validate({name: None}))

    async def _send(self, request: Request, found: StoredProduct, state: FormState, changes: EditChanges) -> FormState:
        action_id = str(visit_of(request).form.get("action_id", ""))
        try:
            sent = await self._actions.edit(shop_of(request), found.product_no, changes, action_id=action_id)
        except KafkaError:
            was = Rendered.from_json(str(visit_of(request).form.get("was", "")))
            return replace(state, was=was, message="not_sent", failed=True)
        return replace(state, action_id=str(uuid.uuid4()), sent=sent)

    # Showing

    async def _found(self, request: Request) -> StoredProduct:
        found = await find_product(self._database, shop_of(request), request.path_params["product_no"])
        if found is None or found.snapshot is None:
            raise NoSuchPage("no such product in this shop")
        return found

    async def _of_product(self, request: Request, product_no: str, action_id: str | None) -> list[Action]:
        """Those that are still open, and the one that was just sent."""
        recent = await self._actions.recent(shop_of(request), _LATEST)
        return [one for one in recent if one.is_about(product_no) and (one.is_open or one.id == action_id)]

    async def _page(
        self, request: Request, found: StoredProduct, state: FormState, *, template: str, status: int = 200
    ) -> Response:
        texts = {**_texts(found), **state.entered.texts}
        lists = await self._lists.read(shop_of(request), texts["category_id"], state.picking)
        part = _attributes(state, lists, found.snapshot)
        gaps = _gaps(state, lists, part, found.snapshot) if state.is_settled else None
        size_chart, needed = texts["size_chart_image"], lists.needs_size_chart
        blank = demanded(part.fields or (), size_chart, needs_size_chart=needed)
        view = view_of(found, self._clock(), demanded=blank, gaps=gaps)
        return self._pages.page(
            request,
            template,
            status,
            SHOWN if is_partial(request) else None,
            view=view,
            form=state,
            demand=_demand(state, view),
            texts=texts,
            lists=lists,
            attributes=part,
            skus=_skus(state, view),
            form_version=str(view.snapshot.version),
            actions=await self._of_product(request, found.product_no, state.sent),
        )


def _fresh(found: StoredProduct) -> FormState:
    if found.snapshot is None:
        raise NoSuchPage("the product is not in the tool")
    was = forms.rendered(found.snapshot, sku_rows(found))
    return FormState(was, forms.untouched(found.snapshot, was), is_fresh=True)


def _demand(state: FormState, view: ProductView) -> str:
    """The text about what the category requires and is blank. None while that is not what is stored.

    What TikTok Shop has taken is sent again, and so checked again, only once it is changed (RB-9).
    """
    if not view.demanded or not (state.is_fresh or state.is_settled):
        return ""
    return "later" if state.sent is None and view.status in _TAKEN else "sync"


def _texts(found: StoredProduct) -> dict[str, str]:
    return {} if found.snapshot is None else texts_of(found.snapshot.content)


def _filled(state: FormState, text: str) -> FormState:
    """One number into every SKU that has none; what is no number of pieces stays where it was entered."""
    try:
        number = str(whole_number(text, STOCK)) if text else ""
    except Wrong as wrong:
        return replace(state, errors={"fill": wrong.error}, message="wrong", fill=text)
    stock = {place: state.entered.stock.get(place, "") or number for place in range(len(state.was.skus))}
    return replace(state, entered=replace(state.entered, stock=stock), stepped="stock")


@dataclass(frozen=True, slots=True)
class _AttributesPart:
    """`fields` None: TikTok's list is not known, the attributes stand in `lines`."""

    fields: tuple[AttributeInput, ...] | None
    lines: str
    unknown: tuple[str, ...]


def _attributes(state: FormState, lists: Lists, snapshot: ProductSnapshot | None) -> _AttributesPart:
    stored = choices_of(snapshot.content.attributes) if snapshot is not None else {}
    choices = {**stored, **state.entered.attributes}
    lines = state.entered.lines if state.entered.lines is not None else as_lines(state.was.attributes)
    if lists.fields is None:
        return _AttributesPart(None, lines, ())
    known = {one.id for one in lists.fields}
    unknown = tuple(one for one, values in choices.items() if values and one not in known)
    return _AttributesPart(inputs(lists.fields, choices), lines, unknown)


def _gaps(state: FormState, lists: Lists, part: _AttributesPart, snapshot: ProductSnapshot | None) -> tuple[str, ...]:
    if snapshot is None:
        return ()
    before = inputs(lists.fields or (), choices_of(snapshot.content.attributes))
    needed = lists.needs_size_chart
    return still_missing(snapshot, state.was, state.entered, part.fields or (), before, needs_size_chart=needed)


@dataclass(frozen=True, slots=True)
class _SkuInput:
    """`place` None: its stock cannot be entered here."""

    row: object
    place: int | None
    text: str


def _skus(state: FormState, view: ProductView) -> tuple[_SkuInput, ...]:
    places = {(vertical, horizontal): place for place, (vertical, horizontal, _) in enumerate(state.was.skus)}
    found = []
    for row in view.skus:
        place = places.get((row.vertical_no, row.horizontal_no)) if row.stock_sent is None else None
        text = "" if place is None else state.entered.stock.get(place, state.was.skus[place][2])
        found.append(_SkuInput(row, place, text))
    return tuple(found)
