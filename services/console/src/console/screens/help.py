"""ヘルプ: what each 状態 means, what to do, and what the tool never does."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.web.rendering import Pages
from shopsync_readmodel.statuses import StatusName


class HelpScreen:
    """`/help`."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def routes(self) -> list[Route]:
        """For the application."""
        return [Route("/help", self.show, methods=["GET"], name="help")]

    async def show(self, request: Request) -> Response:
        """The page."""
        return self._pages.page(request, "help.html", statuses=list(StatusName))
