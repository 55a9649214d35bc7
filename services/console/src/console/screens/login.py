"""ログイン: e-mail and password; log out; the language. A write without a session keeps what was entered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.metrics import LOGINS
from console.model import Session
from console.settings import ConsoleSettings
from console.store import Sessions
from console.web.guard import LANGUAGE_COOKIE, LOGIN, kept_form, session_cookie, visit_cookie
from console.web.rendering import Pages
from console.web.visits import is_partial, visit_of
from shopsync_accounts import Accounts

log = structlog.get_logger(__name__)

HOME = "/products"


class LoginScreen:
    """`/login`, `/logout`, `/language`."""

    def __init__(
        self,
        pages: Pages,
        accounts: Accounts,
        sessions: Sessions,
        *,
        settings: ConsoleSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._pages = pages
        self._accounts = accounts
        self._sessions = sessions
        self._settings = settings
        self._clock = clock

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route("/", self.home, methods=["GET"], name="home"),
            Route(LOGIN, self.show, methods=["GET"], name="login"),
            Route(LOGIN, self.log_in, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"], name="logout"),
            Route("/language", self.language, methods=["POST"], name="language"),
        ]

    async def home(self, _request: Request) -> Response:
        """The list is where a merchant begins."""
        return RedirectResponse(HOME, 303)

    async def show(self, request: Request) -> Response:
        """The form."""
        if visit_of(request).session is not None:
            return RedirectResponse(own_path(request.query_params.get("next", "")), 303)
        return self._form(request, there=own_path(request.query_params.get("next", "")))

    async def keep_and_ask(self, request: Request) -> Response:
        """In answer to a write whose session has ended: the form, with what was entered to be sent after it."""
        headers = {"hx-retarget": "body", "hx-reswap": "innerHTML"} if is_partial(request) else {}
        kept = kept_form(visit_of(request).form)
        return self._form(request, there=request.url.path, kept=kept, headers=headers)

    async def log_in(self, request: Request) -> Response:
        """To where the merchant wanted to go, with a session of its own."""
        form = visit_of(request).form
        there, kept = own_path(str(form.get("next", ""))), str(form.get("kept", ""))
        account = await self._accounts.log_in(str(form.get("email", "")), str(form.get("password", "")))
        if account is None:
            LOGINS.labels("refused").inc()
            return self._form(request, there=there, kept=kept, wrong=True)
        LOGINS.labels("done").inc()
        session = await self._sessions.begin(account.shop_key, account.email)
        log.info("logged in", shop_key=account.shop_key)
        response = RedirectResponse(there, 303) if not kept else self._resume(request, session, there, kept)
        self._keep(response, session)
        return response

    async def log_out(self, request: Request) -> Response:
        """The session is over, everywhere."""
        await self._sessions.end(visit_of(request).cookie)
        response = RedirectResponse(LOGIN, 303)
        response.delete_cookie(session_cookie(is_secure=self._settings.is_secure), path="/")
        return response

    async def language(self, request: Request) -> Response:
        """The other language, on the same page."""
        form = visit_of(request).form
        response = RedirectResponse(own_path(str(form.get("back", ""))), 303)
        chosen = "en" if form.get("language") == "en" else "ja"
        response.set_cookie(
            LANGUAGE_COOKIE,
            chosen,
            max_age=31_536_000,
            secure=self._settings.is_secure,
            httponly=True,
            samesite="lax",
        )
        return response

    def _form(
        self,
        request: Request,
        *,
        there: str,
        kept: str = "",
        wrong: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        email, status = str(visit_of(request).form.get("email", "")), 401 if kept or wrong else 200
        return self._pages.page(
            request, "login.html", status, headers, there=there, kept=kept, wrong=wrong, email=email
        )

    def _resume(self, request: Request, session: Session, there: str, kept: str) -> Response:
        """What was entered before the log-in is shown once more, and sent only by the merchant's own press."""
        request.state.visit = replace(visit_of(request), cookie=session.token, session=session)
        fields = [(str(name), str(value)) for name, value in json.loads(kept)]
        return self._pages.page(request, "resume.html", there=there, fields=fields)

    def _keep(self, response: Response, session: Session) -> None:
        secure = self._settings.is_secure
        response.set_cookie(
            session_cookie(is_secure=secure),
            session.token,
            max_age=int(self._settings.session_lifetime.total_seconds()),
            path="/",
            secure=secure,
            httponly=True,
            samesite="lax",
        )
        response.delete_cookie(visit_cookie(is_secure=secure), path="/", secure=secure)


def own_path(address: str) -> str:
    """A path of this console; the list for everything else, so that no link leads a log-in away from here."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not address.startswith("/") or address.startswith(("//", "/\\")):
        return HOME
    return address
