"""同期: says before what goes, what waits and which hidden listings come back; then it is followed to its end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions import Actions
from console.category_demands import CategoryDemands
from console.errors import NoSuchPage
from console.live import Situation
from console.screens.asked import Selection
from console.screens.drafts import DraftKeeping, DraftPages
from console.web.rendering import Pages
from console.web.visits import shop_of, visit_of
from shopsync_readmodel.products.search import read_numbers
from shopsync_readmodel.products.sync_plan import SyncPlan, plan_sync
from shopsync_runtime.mongo import Database

_NAMED = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A choice of the list, and the id under which it is sent: by the same page once, however often it is opened."""

    selection: Selection
    action_id: str


class SyncScreen:
    """`/sync`: of ticked products, of all that the list's filter takes, or of everything that is ON."""

    def __init__(
        self,
        pages: Pages,
        database: Database,
        actions: Actions,
        demands: CategoryDemands,
        drafts: DraftKeeping,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._pages = pages
        self._database = database
        self._actions = actions
        self._drafts = DraftPages(drafts, Shown)
        self._demands = demands
        self._situation = Situation(database)
        self._clock = clock

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route("/sync", self.ask, methods=["GET"], name="sync"),
            Route("/sync", self.post, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        """What a sync of everything would do, or of the list's choice."""
        shown = await self._drafts.asked_for(request) or Shown(Selection(), str(uuid4()))
        shop_key = shop_of(request)
        return self._pages.page(
            request,
            "sync.html",
            plan=await self._plan(shop_key, shown.selection),
            named=_NAMED,
            selection=shown.selection,
            action_id=shown.action_id,
            hold_up=await self._situation.hold_up(shop_key, self._clock()),
        )

    async def post(self, request: Request) -> Response:
        """The list's choice: what its sync would do; or its confirmation, which is sent."""
        form = visit_of(request).form
        selection = Selection.of(form)
        if form.get("confirm") != "1":
            return await self._drafts.lead_to(request, Shown(selection, str(uuid4())))
        shop_key, followed = shop_of(request), str(form.get("action_id", ""))
        if not await self._actions.is_sent(shop_key, followed):
            numbers = await self._numbers(request, selection)
            if numbers == []:
                raise NoSuchPage("no product fits any more")
            followed = await self._actions.request_sync(shop_key, numbers, action_id=followed)
        return RedirectResponse(f"/actions/{followed}", 303)

    async def _numbers(self, request: Request, selection: Selection) -> list[str] | None:
        """None: every ON product of the shop."""
        if selection.is_everything:
            return None
        if selection.all_of is not None:
            return await read_numbers(self._database, shop_of(request), selection.all_of.filter(shop_of(request)))
        return list(selection.numbers)

    async def _plan(self, shop_key: str, selection: Selection) -> SyncPlan:
        chosen = None if selection.all_of is None else selection.all_of.filter(shop_key)
        return await plan_sync(
            self._database,
            shop_key,
            chosen=chosen,
            numbers=selection.numbers or None,
            demands=self._demands.of(shop_key),
            limit=_NAMED,
        )
