"""商品詳細: one product in its layers, and its form. A page of its own, also shown in a dialog over the list."""

import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from aiokafka.errors import KafkaError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions import Actions
from console.errors import NoSuchPage, ProductDeleted, WrongForm
from console.forms import product as forms
from console.forms.fields import UPSTREAM, texts_of
from console.forms.missing import demanded
from console.forms.product import Rendered
from console.model import Action
from console.screens.drafts import DraftKeeping, DraftPages, address_of, is_switching
from console.screens.product_form import (
    FormState,
    Told,
    as_answered,
    asking_before_restoring,
    asking_first,
    attributes_part,
    demand_of,
    differs,
    filled,
    fresh,
    gaps_of,
    is_followed,
    sku_inputs,
    told_now,
    wanted_by_enter,
    with_own_ends,
)
from console.screens.product_lists import Lists, Picking, ProductLists
from console.screens.product_view import view_of
from console.web.addresses import product_of, product_path
from console.web.rendering import Pages
from console.web.visits import SHOWN, is_partial, shop_of, visit_of
from shopsync_contracts.events import EditChanges
from shopsync_readmodel.products.causes import causes
from shopsync_readmodel.products.fields import futureshop_value
from shopsync_readmodel.products.product import StoredProduct, find_product
from shopsync_runtime.mongo import Database

_OF_ONE = frozenset({"edit", "switch"})
_LATEST = 20
_SAVES = frozenset({"save", "restore", "follow"})
_IN_PLACE: Final = {**SHOWN, "hx-retarget": "#product", "hx-reswap": "outerHTML"}
"""For an answer that takes the place of the product, whatever part of it was asked for."""

Answer = Callable[[Request], Awaitable[Response]]


class ProductScreen:
    """`/products/{product_no}`."""

    def __init__(
        self,
        pages: Pages,
        database: Database,
        actions: Actions,
        lists: ProductLists,
        drafts: DraftKeeping,
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
            Route(
                "/products/{product_no}",
                self._unless_deleted(self.show, is_dialog=True),
                methods=["GET"],
                name="product",
            ),
            Route("/products/{product_no}", self._unless_deleted(self.take), methods=["POST"]),
            Route(
                "/products/{product_no}/state", self._unless_deleted(self.state), methods=["GET"], name="product_state"
            ),
            Route(
                "/products/{product_no}/target",
                self._unless_deleted(self.switch),
                methods=["POST"],
                name="product_target",
            ),
        ]

    def _unless_deleted(self, answer: Answer, *, is_dialog: bool = False) -> Answer:
        """The answer; once a sweep has deleted the product, that in the place of its form, which cannot be saved.

        `is_dialog`: htmx opens a dialog with the answer.
        """

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except ProductDeleted as error:
                return self._deleted(request, error.found, is_dialog=is_dialog)

        return answered

    async def show(self, request: Request) -> Response:
        """The page, or the dialog when htmx asks for it. Or what the form was answered with."""
        state = await self._drafts.asked_for(request)
        recent = await self._recent(request)
        found = await self._found(request)
        if state is None:
            state = fresh(found, [one.id for one in recent if one.kind in _OF_ONE and is_followed(one)])
        elif state.told.following:
            state = with_own_ends(state, found, _those(recent, state.told.following))
        template = "product/dialog.html" if is_partial(request) else "product/page.html"
        return await self._page(request, found, state, template=template)

    async def state(self, request: Request) -> Response:
        """What changes by itself: 状態, reasons, actions; and whether somebody else has changed the product."""
        given = Told.of(request.query_params)
        recent = await self._recent(request) if given.following else []
        found = await self._found(request)
        view = view_of(found, self._clock(), attributes=await self._attribute_names(request, found))
        told = told_now(given, str(view.snapshot.version), _those(recent, given.following))
        return self._pages.page(request, "product/state.html", view=view, told=told)

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
            return RedirectResponse(product_path(found.product_no), 303)
        names = await self._attribute_names(request, found)
        actions, view = await self._notices(request, {sent}), view_of(found, self._clock(), attributes=names)
        told = Told.of(form).after(sent)
        return self._pages.page(request, "product/top.html", view=view, told=told, actions=actions)

    async def take(self, request: Request) -> Response:
        """The form: a step of a picker, or what is to be saved."""
        form = visit_of(request).form
        told = Told.of(form)
        # Before the product: what has ended by now stands in it.
        own = _those(await self._recent(request), told.following) if told.following else []
        found = await self._found(request)
        was = Rendered.from_json(str(form.get("was", "")))
        picking, action_id = Picking.from_form(form), str(form.get("action_id", "")) or str(uuid.uuid4())
        fill = str(form.get("fill", "")).strip()
        state = FormState(was, forms.read_form(form, was), picking, action_id=action_id, told=told, fill=fill)
        if is_switching(request):
            before = await self._drafts.before(request)
            return await self._drafts.in_other_language(
                request, state if before is None else as_answered(state, before)
            )
        step, _, value = str(form.get("step", "enter")).partition(":")
        if step == "enter":
            step = wanted_by_enter(state)
        match step:
            case "save":
                state = await self._save(request, found, state, own)
            case "restore":
                state = await self._restore(request, found, state, own, value)
            case "fill":
                state = filled(state)
            case "follow":
                state = with_own_ends(state, found, own)
            case _:
                picking, chosen = picking.step(step, value)
                entered = replace(state.entered, texts={**state.entered.texts, **chosen})
                state = replace(state, picking=picking, entered=entered, stepped=step.partition("_")[0])
        if not is_partial(request):
            return await self._drafts.lead_to(request, state)
        is_over = step in _SAVES and not differs(state, found)
        draft = "" if is_over else await self._drafts.keep(request, state)
        status = 422 if state.errors else 503 if state.failed else 200
        page = await self._page(request, found, state, template="product/body.html", status=status, draft=draft)
        page.headers["x-address"] = address_of(request, draft)
        return page

    # Saving

    async def _save(self, request: Request, found: StoredProduct, state: FormState, own: Sequence[Action]) -> FormState:
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
        if (asking := asking_first(state, found, lists, own)) is not None:
            return asking
        return await self._send(request, found, replace(state, was=forms.settled(state.was, state.entered)), changes)

    async def _restore(
        self, request: Request, found: StoredProduct, state: FormState, own: Sequence[Action], name: str
    ) -> FormState:
        """One field of futureshop's goes back to its value; what is entered elsewhere stays entered."""
        if name not in UPSTREAM or found.snapshot is None:
            raise WrongForm("not a field of futureshop's")
        if (asking := asking_before_restoring(state, found, Lists(), own, name)) is not None:
            return asking
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
        return replace(state, action_id=str(uuid.uuid4()), sent=sent, told=state.told.after(sent))

    # Showing

    async def _found(self, request: Request) -> StoredProduct:
        found = await find_product(self._database, shop_of(request), product_of(request))
        if found is not None and found.snapshot is None and found.tombstone is not None:
            raise ProductDeleted(found)
        if found is None or found.snapshot is None:
            raise NoSuchPage("no such product in this shop")
        return found

    async def _attribute_names(
        self, request: Request, found: StoredProduct, lists: Lists | None = None
    ) -> dict[str, str]:
        """Of those that a service found missing, and of all for a form. `lists`: those of the form's category."""
        if found.snapshot is None:
            return {}
        content = found.snapshot.content
        ids = {name.partition(".")[2] for name in found.snapshot.missing if name.startswith("attributes.")}
        category = content.category_id or ""
        if lists is not None:
            ids |= {one.id for one in content.attributes}
            category = "" if lists.trouble is not None or lists.category_id == category else category
        return await self._lists.attribute_names(shop_of(request), ids, category)

    async def _recent(self, request: Request) -> list[Action]:
        """The newest actions about the product."""
        recent = await self._actions.recent(shop_of(request), _LATEST)
        return [one for one in recent if one.is_about(product_of(request))]

    async def _notices(self, request: Request, ids: Collection[str | None]) -> list[Action]:
        """Those that are still open, and these."""
        return [one for one in await self._recent(request) if one.is_open or one.id in ids]

    def _deleted(self, request: Request, found: StoredProduct, *, is_dialog: bool) -> Response:
        if not is_partial(request):
            template, headers = "product/deleted_page.html", None
        elif is_dialog:
            template, headers = "product/deleted_dialog.html", SHOWN
        else:
            template, headers = "product/deleted.html", _IN_PLACE
        said = causes(found, self._clock())
        return self._pages.page(
            request, template, 404, headers, product_no=found.product_no, grave=found.tombstone, causes=said
        )

    async def _page(
        self,
        request: Request,
        found: StoredProduct,
        state: FormState,
        *,
        template: str,
        status: int = 200,
        draft: str | None = None,
    ) -> Response:
        texts = {**_texts(found), **state.entered.texts}
        lists = await self._lists.read(shop_of(request), texts["category_id"], state.picking)
        names = await self._attribute_names(request, found, lists)
        part = attributes_part(state, lists, found, names)
        gaps = gaps_of(state, lists, part, found) if state.is_settled else None
        blank = demanded(
            part.fields or (),
            texts["size_chart_image"],
            needs_size_chart=lists.needs_size_chart,
            needs_certificate=bool(part.certificates),
        )
        view = view_of(found, self._clock(), demanded=blank, gaps=gaps, attributes=names)
        told = state.told if state.told.version else replace(state.told, version=str(view.snapshot.version))
        return self._pages.page(
            request,
            template,
            status,
            SHOWN if is_partial(request) else None,
            view=view,
            form=state,
            draft=request.query_params.get("draft", "") if draft is None else draft,
            is_unsaved=differs(state, found),
            told=told,
            demand=demand_of(state, view),
            texts=texts,
            lists=lists,
            attributes=part,
            certificates=part.certificates,
            skus=sku_inputs(state, view),
            actions=await self._notices(request, {state.sent, *state.told.following, *state.reached}),
        )


def _those(actions: Sequence[Action], ids: Collection[str]) -> list[Action]:
    return [one for one in actions if one.id in ids]


def _texts(found: StoredProduct) -> dict[str, str]:
    return {} if found.snapshot is None else texts_of(found.snapshot.content)
