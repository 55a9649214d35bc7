"""TikTok Shop認証 comes first: before it neither the list nor anything that sends is shown (LS-1, AU-4)."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.errors import NotYetAuthorized
from console.web.visits import shop_of
from shopsync_runtime.mongo import Database

_BEHIND = ("/products", "/product-counts", "/bulk", "/sync", "/reimport")


class AuthorizationGate:
    """Asks once per shop and process: a consent that was ever given is never unknown again."""

    def __init__(self, database: Database) -> None:
        self._states = database["authorization_states"]
        self._known: set[str] = set()

    async def check(self, shop_key: str) -> None:
        """Raises NotYetAuthorized for a shop that was never authorised."""
        if shop_key in self._known:
            return
        if await self._states.find_one({"_id": shop_key}, {"_id": 1}) is None:
            raise NotYetAuthorized(f"shop {shop_key!r} was never authorised")
        self._known.add(shop_key)

    def before(self, routes: Sequence[Route]) -> list[BaseRoute]:
        """The same routes, those of the list and of what is sent behind the gate."""
        return [self._gated(route) if _is_behind(route.path) else route for route in routes]

    def _gated(self, route: Route) -> Route:
        show: Callable[[Request], Awaitable[Response]] = route.endpoint

        async def gated(request: Request) -> Response:
            await self.check(shop_of(request))
            return await show(request)

        return Route(route.path, gated, methods=list(route.methods or ()), name=route.name)


def _is_behind(path: str) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in _BEHIND)
