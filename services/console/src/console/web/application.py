"""The ASGI application around the screens: guard, headers, measures, and a page for every error."""

import time
from collections.abc import Sequence

import structlog
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.errors import NoSuchPage, NotYetAuthorized, PublisherUnavailable, WrongForm
from console.metrics import REQUESTS, SECONDS
from console.settings import ConsoleSettings
from console.store import Sessions
from console.web.guard import Answer, Guard
from console.web.headers import SecurityHeaders
from console.web.rendering import Pages
from console.web.static import static_files
from console.web.visits import is_partial

log = structlog.get_logger(__name__)

AUTHORIZATION = "/authorization"
_ANSWERED = (
    HTTPException,
    NoSuchPage,
    NotYetAuthorized,
    PublisherUnavailable,
    WrongForm,
    PyMongoError,
    KafkaError,
)


def make_application(
    routes: Sequence[BaseRoute], *, pages: Pages, sessions: Sessions, ask_for_login: Answer, settings: ConsoleSettings
) -> Starlette:
    """All screens, and what stands around each of them."""
    errors = ErrorPages(pages)
    guard = Middleware(
        Guard,
        sessions=sessions,
        ask_for_login=ask_for_login,
        refuse=errors.answer,
        public_url=settings.public_url,
        is_secure=settings.is_secure,
    )
    return Starlette(
        routes=[static_files(), *routes],
        middleware=[Middleware(SecurityHeaders, is_secure=settings.is_secure), Middleware(Measured), guard],
        exception_handlers=dict.fromkeys(_ANSWERED, errors.answer),
    )


class ErrorPages:
    """A page for each kind of error, that says what to do. A bug is logged by Starlette's caller and answered 500."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def answer(self, request: Request, error: Exception) -> Response:
        """For Starlette: of the types that are registered above."""
        if isinstance(error, NotYetAuthorized):
            headers = {"hx-redirect": AUTHORIZATION} if is_partial(request) else {}
            return Response(headers=headers) if headers else RedirectResponse(AUTHORIZATION, 303)
        name, status = _kind(error)
        if status >= 500:
            log.warning(
                "a page could not be made", path=request.url.path, error=f"{type(error).__name__}: {error}"[:500]
            )
        headers = {"retry-after": "5"} if status == 503 else {}
        return self._pages.page(request, "error.html", status, headers, name=name)


def _kind(error: Exception) -> tuple[str, int]:
    """Which text, and the status."""
    if isinstance(error, WrongForm):
        return "wrong_form", 403
    if isinstance(error, NoSuchPage):
        return "not_found", 404
    if isinstance(error, PyMongoError | KafkaError | PublisherUnavailable):
        return "failed", 503
    status = error.status_code if isinstance(error, HTTPException) else 400
    return ("not_found" if status == 404 else "failed"), status


class Measured:
    """Counts requests by the pattern of their route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.monotonic(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = scope.get("route")
            name = getattr(route, "path", "none")
            REQUESTS.labels(name, scope["method"], str(status)).inc()
            if not name.startswith("/stream"):
                SECONDS.labels(name).observe(time.monotonic() - began)
