"""情報を更新する and 一括情報更新: the second one says before which edits would be lost, side by side (RA-2, LY-2)."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions import Actions
from console.errors import WrongForm
from console.web.rendering import Pages
from console.web.visits import shop_of, visit_of
from shopsync_readmodel.errors import NoShop
from shopsync_readmodel.products.overwrites import DryRun, Summary, read_summary
from shopsync_runtime.mongo import Database

_SHOWN = 200


class ReimportScreen:
    """`/reimport`."""

    def __init__(self, pages: Pages, database: Database, actions: Actions) -> None:
        self._pages = pages
        self._database = database
        self._actions = actions

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route("/reimport", self.ask, methods=["GET"], name="reimport"),
            Route("/reimport", self.send, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        """The dry run."""
        found = await self._summary(shop_of(request))
        return self._pages.page(
            request,
            "reimport.html",
            counts=found.counts,
            rows=found.first,
            more=found.counts["edits"] - len(found.first),
        )

    async def send(self, request: Request) -> Response:
        """情報を更新する at once, 一括情報更新 when it is confirmed."""
        shop_key, form = shop_of(request), visit_of(request).form
        action_id = str(form.get("action_id", ""))
        match form.get("mode"), form.get("confirm"):
            case "changed_only", _:
                await self._actions.request_import(shop_key, "changed_only", action_id=action_id)
                return RedirectResponse("/products", 303)
            case "overwrite_all", "1":
                followed = await self._actions.request_import(shop_key, "overwrite_all", action_id=action_id)
                return RedirectResponse(f"/actions/{followed}", 303)
            case "overwrite_all", _:
                return RedirectResponse("/reimport", 303)
            case _:
                raise WrongForm("neither of the two imports")

    async def _summary(self, shop_key: str) -> Summary:
        try:
            return await read_summary(self._database, shop_key, _SHOWN)
        except NoShop:
            return Summary(DryRun(shop_key, (), None).counts(), ())
