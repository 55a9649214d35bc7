"""How far one action is: a part of other pages, and a page of its own."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.actions import Actions
from console.errors import NoSuchPage
from console.screens.sync_outcomes import SyncOutcomes
from console.web.rendering import Pages
from console.web.visits import is_partial, shop_of


class ActionScreen:
    """`/actions/{id}`."""

    def __init__(self, pages: Pages, actions: Actions, outcomes: SyncOutcomes) -> None:
        self._pages = pages
        self._actions = actions
        self._outcomes = outcomes

    def routes(self) -> list[Route]:
        """For the application."""
        return [Route("/actions/{action_id}", self.show, methods=["GET"], name="action")]

    async def show(self, request: Request) -> Response:
        """What became of it so far."""
        action = await self._actions.get(shop_of(request), request.path_params["action_id"])
        if action is None:
            raise NoSuchPage("no such action in this shop")
        template = "actions/notice.html" if is_partial(request) else "actions/page.html"
        return self._pages.page(request, template, action=action, outcomes=await self._outcomes.of(action))
