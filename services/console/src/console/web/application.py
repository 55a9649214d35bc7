"""The ASGI application around the screens: guard, headers, measures, and a page for every error."""

import re
import secrets
import time
from collections.abc import Sequence

import structlog
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from console.errors import NoSuchPage, NotYetAuthorized, PublisherUnavailable, WrongForm
from console.metrics import REQUESTS, SECONDS
from console.settings import ConsoleSettings
from console.store import Sessions
from console.web.cookies import Cookies
from console.web.guard import Answer, Guard
from console.web.headers import SecurityHeaders
from console.web.rendering import Pages
from console.web.static import static_files
from console.web.visits import SHOWN, Visit, is_partial, visit_of

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
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_LONGEST_REASON = 500


def make_application(
    routes: Sequence[BaseRoute],
    *,
    pages: Pages,
    sessions: Sessions,
    ask_for_login: Answer,
    cookies: Cookies,
    settings: ConsoleSettings,
) -> Starlette:
    """All screens, and what stands around each of them."""
    errors = ErrorPages(pages)
    guard = Middleware(
        Guard,
        sessions=sessions,
        ask_for_login=ask_for_login,
        refuse=errors.answer,
        public_url=settings.public_url,
        cookies=cookies,
    )
    application = Starlette(
        routes=[static_files(), *routes],
        middleware=[
            Middleware(SecurityHeaders, is_secure=settings.is_secure),
            Middleware(Measured),
            Middleware(Bugs, errors=errors),
            guard,
        ],
        exception_handlers=dict.fromkeys(_ANSWERED, errors.answer),
    )
    # Starlette would lead /help/ to /help at whatever host the request names.
    application.router.redirect_slashes = False
    return application


def at_every_path(app: ASGIApp) -> Mount:
    """Also where a line end is in it, as in a product's number (decision 0028): Starlette's pattern stops there."""
    mount = Mount("/", app=app)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


def behind_proxies(app: Starlette, settings: ConsoleSettings) -> ASGIApp:
    """With the client's address as the proxies before it tell, as far as they are trusted."""
    trusted = [part.strip() for part in settings.trusted_proxies.split(",") if part.strip()]
    if settings.is_secure and not trusted:
        # TLS ends before the console, so there is a proxy, and every merchant seems to come from its address.
        log.warning("no proxy is named: failed log-ins of all merchants count as one's", set="CONSOLE_TRUSTED_PROXIES")
    return ProxyHeadersMiddleware(app, trusted) if trusted else app  # type: ignore[arg-type, return-value]


class ErrorPages:
    """A page for each kind of error, that says what to do."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def answer(self, request: Request, error: Exception) -> Response:
        """For Starlette: of the types that are registered above."""
        if isinstance(error, NotYetAuthorized):
            headers = {"hx-redirect": AUTHORIZATION} if is_partial(request) else {}
            return Response(headers=headers) if headers else RedirectResponse(AUTHORIZATION, 303)
        name, status = _kind(error)
        reason = f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
        if status >= 500:
            log.warning("a page could not be made", route=route_of(request.scope), error=reason)
        elif isinstance(error, WrongForm):
            log.info("a form was refused", route=route_of(request.scope), error=reason)
        headers = dict(getattr(error, "headers", None) or {})
        return self._page(request, name, status, headers | ({"retry-after": "5"} if status == 503 else {}))

    def bug(self, request: Request, error: Exception) -> Response:
        """Nothing of it is shown but a number, by which the log has the rest."""
        number = secrets.token_hex(4)
        log.error("a bug", route=route_of(request.scope), reference=number, exc_info=error, **_shop_of(request))
        if not hasattr(request.state, "visit"):
            request.state.visit = Visit("", None, "ja", FormData())
        return self._page(request, "bug", 500, {}, number=number)

    def _page(
        self, request: Request, name: str, status: int, headers: dict[str, str], number: str | None = None
    ) -> Response:
        if not is_partial(request):
            return self._pages.page(request, "error.html", status, headers, name=name, number=number)
        headers |= {"hx-retarget": "#notices", "hx-reswap": "innerHTML", **SHOWN}
        return self._pages.page(request, "error_notice.html", status, headers, name=name, number=number)


def _shop_of(request: Request) -> dict[str, str]:
    session = visit_of(request).session if hasattr(request.state, "visit") else None
    return {} if session is None else {"shop_key": session.shop_key}


def _kind(error: Exception) -> tuple[str, int]:
    """Which text, and the status."""
    if isinstance(error, WrongForm):
        return "wrong_form", 403
    if isinstance(error, NoSuchPage):
        return "not_found", 404
    if isinstance(error, PyMongoError | KafkaError | PublisherUnavailable):
        return "failed", 503
    status = error.status_code if isinstance(error, HTTPException) else 400
    names = {404: "not_found", 413: "too_large"}
    return names.get(status, "failed" if status >= 500 else "wrong_request"), status


def route_of(scope: Scope) -> str:
    """The pattern of its route, never its values: an address may hold the secret of a link."""
    return str(getattr(scope.get("route"), "path", "") or "none")


class Bugs:
    """A page for what nobody foresaw. A page that has begun is cut off, so that nobody takes it for whole."""

    def __init__(self, app: ASGIApp, *, errors: ErrorPages) -> None:
        self._app = app
        self._errors = errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            response = self._errors.bug(Request(scope), error)
            if has_begun:
                raise
            await response(scope, receive, send)


class Measured:
    """Counts requests by the pattern of their route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            name = route_of(scope)
            method = scope["method"] if scope["method"] in _METHODS else "other"
            REQUESTS.labels(name, method, str(status)).inc()
            if not name.startswith("/stream"):
                SECONDS.labels(name).observe(time.monotonic() - began)
