"""Lets a request through: with a session, or to a page for everybody; a write only with the token of the session."""

import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import quote

from starlette.datastructures import FormData, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.errors import ConsoleError, WrongForm
from console.model import Language
from console.store import Sessions
from console.web import csrf
from console.web.static import PATH
from console.web.visits import Visit, is_partial

LOGIN = "/login"
_FOR_EVERYBODY = (LOGIN, "/password/", "/language", f"{PATH}/")
_READS = frozenset({"GET", "HEAD"})
_MOST_FIELDS = 20_000
LANGUAGE_COOKIE = "console_language"

Answer = Callable[[Request], Awaitable[Response]]
"""The log-in page in answer to a write without a session: it keeps what was entered."""
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
        is_secure: bool,
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._ask_for_login = ask_for_login
        self._refuse = refuse
        self._public_url = public_url
        self._is_secure = is_secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise WrongForm("only HTTP is spoken here")
        request = Request(scope, receive)
        visitor = await self._visitor(request)
        try:
            response = await self._stop(request, visitor)
        except (ConsoleError, HTTPException, MultiPartException) as error:
            response = await self._refuse(request, error)
        app = self._app if response is None else response
        await app(scope, receive, self._with_cookie(request, visitor, send))

    async def _visitor(self, request: Request) -> Visit:
        """Who comes. A visit without a session gets a cookie of its own, which no log-in ever raises to a session."""
        cookie = request.cookies.get(session_cookie(is_secure=self._is_secure), "")
        session = await self._sessions.find(cookie) if cookie else None
        if session is None:
            cookie = request.cookies.get(visit_cookie(is_secure=self._is_secure)) or secrets.token_urlsafe(32)
        visit = request.state.visit = Visit(cookie, session, language_of(request), FormData())
        return visit

    def _with_cookie(self, request: Request, visit: Visit, send: Send) -> Send:
        name = visit_cookie(is_secure=self._is_secure)
        if visit.session is not None or request.cookies.get(name):
            return send
        secure = "; Secure" if self._is_secure else ""
        line = f"{name}={visit.cookie}; Path=/; HttpOnly; SameSite=Lax{secure}"

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", line)
            await send(message)

        return with_cookie

    async def _stop(self, request: Request, visit: Visit) -> Response | None:
        """The answer to a request that goes no further; None for one that does."""
        is_for_everybody = request.url.path.startswith(_FOR_EVERYBODY)
        if request.method in _READS:
            return None if visit.session is not None or is_for_everybody else _to_login(request)
        form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
        request.state.visit = replace(visit, form=form)
        self._check_origin(request)
        if visit.session is None and not is_for_everybody:
            return await self._ask_for_login(request)
        if not csrf.fits(visit.cookie, str(form.get(csrf.FIELD) or request.headers.get(csrf.HEADER, ""))):
            raise WrongForm("the form's token is not that of the session")
        return None

    def _check_origin(self, request: Request) -> None:
        """Browsers name the origin of every write; programs without a cookie of a user may leave it out."""
        origin = request.headers.get("origin")
        if origin is not None and origin != self._public_url:
            raise WrongForm(f"a write from {origin}: CONSOLE_PUBLIC_URL is {self._public_url}")


def session_cookie(*, is_secure: bool) -> str:
    """`__Host-`: browsers take it from this host by TLS alone."""
    return "__Host-console_session" if is_secure else "console_session"


def visit_cookie(*, is_secure: bool) -> str:
    """Of somebody who is not logged in: ties the log-in form to this browser."""
    return "__Host-console_visit" if is_secure else "console_visit"


def language_of(request: Request) -> Language:
    """As chosen by the switch; Japanese first."""
    return "en" if request.cookies.get(LANGUAGE_COOKIE) == "en" else "ja"


def kept_form(form: FormData) -> str:
    """What was entered, to be carried over a log-in as text. Without the token: the next session has its own."""
    return json.dumps([(name, value) for name, value in form.multi_items() if name != csrf.FIELD], ensure_ascii=False)


def _to_login(request: Request) -> Response:
    there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = f"{LOGIN}?next={quote(there, safe='')}"
    if is_partial(request):
        return Response(status_code=200, headers={"hx-redirect": address})
    return RedirectResponse(address, 303)
