"""商品一覧: the shop's products, found by name, 状態 and 連携対象, a page at a time by number (LS-1 to LS-5)."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions import Actions
from console.errors import NoSuchPage, WrongForm
from console.live import Situation
from console.model import Action
from console.screens.asked import Asked
from console.screens.status_counts import StatusCounts
from console.web.addresses import product_of
from console.web.rendering import Pages
from console.web.visits import is_partial, shop_of, visit_of
from shopsync_readmodel.products.search import ProductRow, read_row, read_rows
from shopsync_readmodel.statuses import StatusName
from shopsync_readmodel.stored.effects import EditMarks
from shopsync_runtime.mongo import Database

PAGE = 50
_TOLD_FOR_SECONDS = 1.0
"""The page asks later than that after it was told of a change: the count began after the change."""
_ENDED_WITHIN = timedelta(minutes=15)
_MOST_NOTICES = 5
_ON_ROWS = frozenset({"edit", "switch"})
_IN_VAIN = frozenset({"refused", "unknown"})
_CHANGES_ROWS = _ON_ROWS | {"bulk_edit"}


@dataclass(frozen=True, slots=True)
class Row:
    """A product of the list, with the newest action about it that is open or was refused a moment ago."""

    product: ProductRow
    action: Action | None

    @property
    def asks_by_itself(self) -> bool:
        """Whether its end comes within seconds: then the row does not count on being told."""
        return self.action is not None and self.action.kind in _ON_ROWS and self.action.state in {"sent", "applying"}

    @property
    def is_on(self) -> bool:
        """連携対象 as it is, or as the merchant has just switched it."""
        if self.action is not None and self.action.is_open and self.action.kind == "switch":
            return self.action.mode == "on"
        return self.product.sync_enabled


class ProductsScreen:
    """`/products`, and its rows and counts as parts."""

    def __init__(self, pages: Pages, database: Database, actions: Actions, *, clock: Callable[[], datetime]) -> None:
        self._pages = pages
        self._database = database
        self._actions = actions
        self._situation = Situation(database)
        self._counts = StatusCounts(database)
        self._clock = clock

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route("/products", self.show, methods=["GET"], name="products"),
            Route("/products/{product_no}/row", self.row, methods=["GET"], name="product_row"),
            Route("/products/{product_no}/row", self.switch, methods=["POST"], name="product_switch"),
            Route("/product-counts", self.counts, methods=["GET"], name="product_counts"),
        ]

    async def show(self, request: Request) -> Response:
        """A page of the list: one query for the rows, one for the actions, and at times one for the counts."""
        shop_key, asked = shop_of(request), Asked.of(request.query_params)
        after, before = request.query_params.get("after") or None, request.query_params.get("before") or None
        rows, actions, counts = await asyncio.gather(
            read_rows(self._database, shop_key, asked.filter(shop_key), limit=PAGE, after=after, before=before),
            self._latest(shop_key),
            _none() if is_partial(request) else self._counts.at_once(shop_key),
        )
        notices, folded = _notices(actions)
        place = {"after": after} if after else {"before": before} if before else {}
        return self._pages.page(
            request,
            "products/list.html" if is_partial(request) else "products.html",
            asked=asked,
            list_address=asked.address(**place),
            rows=await self._with_actions(shop_key, rows.rows, actions),
            previous=None if rows.before is None else asked.address(before=rows.before),
            following=None if rows.after is None else asked.address(after=rows.after),
            notices=notices[:_MOST_NOTICES],
            folded=folded,
            counts=counts,
            statuses=list(StatusName),
        )

    async def counts(self, request: Request) -> Response:
        """How many are in which 状態, as a part."""
        return self._pages.page(
            request,
            "products/counts.html",
            asked=Asked.of(request.query_params),
            counts=await self._counts.of(shop_of(request), _TOLD_FOR_SECONDS),
            statuses=list(StatusName),
        )

    async def row(self, request: Request) -> Response:
        """One row as it is now; nothing in its place when the product is gone."""
        return await self._row(request, product_of(request))

    async def switch(self, request: Request) -> Response:
        """連携対象 ON or OFF, from the row."""
        number, form = product_of(request), visit_of(request).form
        wanted = form.get("sync")
        if wanted not in {"on", "off"}:
            raise WrongForm("neither ON nor OFF")
        if await read_row(self._database, shop_of(request), number) is None:
            raise NoSuchPage("no such product in this shop")
        await self._actions.switch(shop_of(request), number, wanted == "on", action_id=str(form.get("action_id", "")))
        if is_partial(request):
            return await self._row(request, number)
        return RedirectResponse(f"{_back(str(form.get('back', '')))}#row-{quote(number)}", 303)

    async def _row(self, request: Request, product_no: str) -> Response:
        shop_key = shop_of(request)
        product = await read_row(self._database, shop_key, product_no)
        if product is None:
            return Response(status_code=200)
        [row] = await self._with_actions(shop_key, [product], await self._latest(shop_key))
        return self._pages.page(request, "products/row.html", row=row, list_address=_back(_current(request)))

    async def _with_actions(
        self, shop_key: str, products: Sequence[ProductRow], actions: Sequence[Action]
    ) -> list[Row]:
        by_filter = [one for one in actions if one.is_open and one.more and one.chosen is not None]
        waiting = {one.id: await self._waiting(shop_key, products, one) for one in by_filter}
        return [_row(one, actions, waiting) for one in products]

    async def _waiting(self, shop_key: str, products: Sequence[ProductRow], action: Action) -> set[str]:
        """Those that the action's filter takes and that do not carry its changes yet."""
        asked = Asked.of(action.chosen or {})
        taken = [one.product_no for one in products if asked.takes(one)]
        done = await self._situation.carrying(shop_key, taken, action.marks or EditMarks(), action.sent_at)
        return set(taken) - done

    async def _latest(self, shop_key: str) -> list[Action]:
        return await self._actions.latest(shop_key, since=self._clock() - _ENDED_WITHIN)


def _notices(actions: Sequence[Action]) -> tuple[list[Action], list[Action]]:
    """What is told above the list, and what is folded away there: what ended well, but for the newest of it."""
    about_more = [one for one in actions if one.kind not in _ON_ROWS]
    well = [one for one in about_more if one.state == "done" and one.code != "some_failed"]
    return [one for one in about_more if one not in well[1:]], well[1:]


async def _none() -> dict[str, int]:
    """A part of the list has no counts."""
    return {}


def _row(product: ProductRow, actions: Sequence[Action], waiting: Mapping[str, Collection[str]]) -> Row:
    """`waiting`: of an action that names too few of its products, those among the rows that it has yet to change."""
    number = product.product_no
    about = [
        one for one in actions if one.kind in _CHANGES_ROWS and number in waiting.get(one.id, one.product_nos or ())
    ]
    still = next((one for one in about if one.is_open), None)
    # A refusal, or that nobody knows whether it was sent, is told until something newer was done.
    newest = about[0] if about and about[0].state in _IN_VAIN and about[0].kind in _ON_ROWS else None
    return Row(product, still or newest)


def _current(request: Request) -> str:
    """The page from which htmx asked."""
    path: Mapping[str, str] = request.headers
    address = path.get("hx-current-url", "")
    _, found, rest = address.partition("/products")
    return found + rest


def _back(address: str) -> str:
    """A page of the list; nothing else may be named in a form."""
    return address if address == "/products" or address.startswith("/products?") else "/products"
