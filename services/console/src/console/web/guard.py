"""Lets a request through: with a session, or to a page for everybody; a write only with the token of the session."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import quote
from uuid import UUID

import structlog
from pymongo.errors import PyMongoError
from starlette.datastructures import FormData, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.errors import ConsoleError, WrongForm
from console.model import Language
from console.store import Sessions
from console.web import csrf
from console.web.addresses import page_of
from console.web.cookies import Cookies
from console.web.forms import check_address, read_form
from console.web.static import PATH
from console.web.visits import Visit, is_partial

LOGIN = "/login"
LOGOUT = "/logout"
PASSWORD = "/password/"  # noqa: S105 - a path
_FOR_EVERYBODY = frozenset({LOGIN, "/language"})
_ALL_BELOW = (PASSWORD, f"{PATH}/")
_READS = frozenset({"GET", "HEAD"})
_VISIT_BYTES = 32
_LONGEST_COOKIE = 100

Answer = Callable[[Request], Awaitable[Response]]
"""The answer to a write without its session: the log-in page, or where there is another one what was entered."""
Refusal = Callable[[Request, Exception], Awaitable[Response]]


class Guard:
    """ASGI middleware. Whatever it lets through has a `Visit`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Sessions,
        ask_for_login: Answer,
        refuse: Refusal,
        public_url: str,
        cookies: Cookies,
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._ask_for_login = ask_for_login
        self._refuse = refuse
        self._public_url = public_url
        self._cookies = cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope, receive)
        visit = request.state.visit = Visit("", None, self._language(request), FormData())
        try:
            # Who comes is known first: a page about a wrong address has the menu too.
            visit = request.state.visit = await self._visitor(request)
            check_address(request)
            response = await self._stop(request, visit)
        except ClientDisconnect:
            return  # gone before the form was whole
        except (ConsoleError, HTTPException, PyMongoError) as error:
            response = await self._refuse(request, error)
        app = self._app if response is None else response
        with structlog.contextvars.bound_contextvars(**_log_fields(request)):
            await app(scope, receive, self._with_cookie(request, visit, send))

    async def _visitor(self, request: Request) -> Visit:
        """Who comes. A visit without a session gets a cookie of its own, which no log-in ever raises to a session."""
        cookie = self._cookies.get(request, "session")
        session = await self._sessions.get(cookie) if cookie else None
        if session is None:
            given = self._cookies.get(request, "visit")
            cookie = given if 0 < len(given) <= _LONGEST_COOKIE else secrets.token_urlsafe(_VISIT_BYTES)
        return Visit(cookie, session, self._language(request), FormData())

    def _language(self, request: Request) -> Language:
        """As chosen by the switch; Japanese first."""
        return "en" if self._cookies.get(request, "language") == "en" else "ja"

    def _with_cookie(self, request: Request, visit: Visit, send: Send) -> Send:
        """Not beside static files, which caches keep for everybody."""
        is_known = visit.session is not None or self._cookies.get(request, "visit") == visit.cookie
        if is_known or not visit.cookie or request.scope["path"].startswith(f"{PATH}/"):
            return send
        given = Response()
        self._cookies.set(given, "visit", visit.cookie)

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", given.headers["set-cookie"])
            await send(message)

        return with_cookie

    async def _stop(self, request: Request, visit: Visit) -> Response | None:
        """The answer to a request that goes no further; None for one that does."""
        may_come_in = visit.session is not None or is_for_everybody(request.scope["path"])
        if request.method in _READS:
            return None if may_come_in else self._to_login(request)
        if request.method != "POST":
            raise HTTPException(405, "only pages and forms", headers={"allow": "GET, HEAD, POST"})
        self._check_origin(request)
        form = await read_form(request)
        request.state.visit = replace(visit, form=form)
        if not may_come_in:
            return await self._ask_for_login(request)
        if not csrf.fits(visit.cookie, str(form.get(csrf.FIELD) or request.headers.get(csrf.HEADER, ""))):
            if self._is_of_former_session(request, visit):
                return await self._ask_for_login(request)
            raise WrongForm("the form's token is not that of the session")
        return None

    def _is_of_former_session(self, request: Request, visit: Visit) -> bool:
        """Whether one of our own pages sent it, as the browser says: this browser has logged in again since."""
        is_own = request.headers.get("origin") == self._public_url
        is_own = is_own and request.headers.get("sec-fetch-site") == "same-origin"
        path = request.scope["path"]
        return is_own and visit.session is not None and path != LOGOUT and not is_for_everybody(path)

    def _check_origin(self, request: Request) -> None:
        """Browsers name the origin of every write; programs without a cookie of a user may leave it out."""
        origin = request.headers.get("origin")
        if origin is not None and origin != self._public_url:
            raise WrongForm(f"a write from {origin[:200]}: CONSOLE_PUBLIC_URL is {self._public_url}")
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise WrongForm("a write from another site")

    def _to_login(self, request: Request) -> Response:
        address = f"{LOGIN}?next={quote(page_of(request, self._public_url), safe='')}"
        if is_partial(request):
            return Response(status_code=200, headers={"hx-redirect": address})
        return RedirectResponse(address, 303)


def is_for_everybody(path: str) -> bool:
    """Whether a page is shown without a session. As the router reads it: the path is decoded, and compared whole."""
    return path in _FOR_EVERYBODY or path.startswith(_ALL_BELOW)


def _log_fields(request: Request) -> dict[str, str]:
    """What every log line of the request says: whose it is and, of an action, its id. Nothing else that was sent."""
    visit: Visit = request.state.visit
    fields = {} if visit.session is None else {"shop_key": visit.session.shop_key}
    try:
        return fields | {"action_id": str(UUID(str(visit.form.get("action_id", ""))))}
    except ValueError:
        return fields
