"""TikTok Shop認証 comes first: before it neither the list nor anything that sends is shown (LS-1, AU-4).

Once it has ended, every page says so (AU-5).
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.errors import NotYetAuthorized
from console.web.guard import is_for_everybody
from console.web.visits import is_partial, shop_of
from shopsync_readmodel.shops.authorization import has_ended
from shopsync_runtime.mongo import Database

_BEHIND = ("/products", "/product-counts", "/bulk", "/sync", "/reimport")
_ASKED_EVERY = timedelta(seconds=15)
_READ = {"ended": 1, "refresh_expires_at": 1, "expires_at": 1}


class AuthorizationGate:
    """Asks for a consent in force every 15 seconds per shop and process; for any other with each page."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._states = database["authorization_states"]
        self._clock = clock
        self._good_at: dict[str, datetime] = {}

    async def has_ended(self, shop_key: str) -> bool:
        """Whether there was a consent that counts no more. Raises NotYetAuthorized for a shop that never had one."""
        now = self._clock()
        asked = self._good_at.get(shop_key)
        if asked is not None and now - asked < _ASKED_EVERY:
            return False
        document = await self._states.find_one({"_id": shop_key}, _READ)
        if document is None:
            raise NotYetAuthorized(f"shop {shop_key!r} was never authorised")
        if has_ended(document, now):
            self._good_at.pop(shop_key, None)
            return True
        self._good_at[shop_key] = now
        return False

    def before(self, routes: Sequence[Route]) -> list[BaseRoute]:
        """The same routes, those of the list and of what is sent behind the gate."""
        return [route if is_for_everybody(route.path) else self._watched(route) for route in routes]

    def _watched(self, route: Route) -> Route:
        show: Callable[[Request], Awaitable[Response]] = route.endpoint
        is_behind = _is_behind(route.path)

        async def watched(request: Request) -> Response:
            if is_behind or not is_partial(request):
                try:
                    request.state.consent_ended = await self.has_ended(shop_of(request))
                except NotYetAuthorized:
                    if is_behind:
                        raise
            return await show(request)

        return Route(route.path, watched, methods=list(route.methods or ()), name=route.name)


def _is_behind(path: str) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in _BEHIND)
