"""The page of a one-time link, at which the merchant sets the password. An operator makes the link."""

from collections.abc import Callable
from datetime import datetime

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.store import LoginThrottle, Sessions
from console.web.cookies import Cookies
from console.web.guard import LOGIN, PASSWORD
from console.web.rendering import Pages
from console.web.visits import visit_of
from shopsync_accounts import LONGEST, SHORTEST, Accounts, fault_of

log = structlog.get_logger(__name__)

# The address is the secret: not even this console's own files learn it.
_HEADERS = {"referrer-policy": "strict-origin"}


class PasswordScreen:
    """`/password/{secret}`. A look changes nothing: mail programs open links too."""

    def __init__(
        self,
        pages: Pages,
        accounts: Accounts,
        sessions: Sessions,
        throttle: LoginThrottle,
        *,
        cookies: Cookies,
        clock: Callable[[], datetime],
    ) -> None:
        self._pages = pages
        self._accounts = accounts
        self._sessions = sessions
        self._throttle = throttle
        self._cookies = cookies
        self._clock = clock

    def routes(self) -> list[Route]:
        """For the application."""
        path = f"{PASSWORD}{{secret}}"
        return [
            Route(path, self.show, methods=["GET"], name="password"),
            Route(path, self.save, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The form, or what to do with a link that is used, replaced, expired or wrong."""
        account = await self._accounts.by_link(request.path_params["secret"], self._clock())
        return self._gone(request) if account is None else self._form(request, account.email)

    async def save(self, request: Request) -> Response:
        """Use the link up. Every session of the shop ends, before and after: none that began meanwhile is left."""
        secret, form = request.path_params["secret"], visit_of(request).form
        account = await self._accounts.by_link(secret, self._clock())
        if account is None:
            return self._gone(request)
        password, again = str(form.get("password", "")), str(form.get("again", ""))
        fault = fault_of(password, account.email)
        if fault is not None or again != password:
            return self._form(request, account.email, fault=fault, differs=fault is None)
        await self._sessions.end_all_of(account.shop_key)
        if await self._accounts.set_password(secret, password, self._clock()) is None:
            return self._gone(request)
        await self._sessions.end_all_of(account.shop_key)
        await self._throttle.forget(account.email)
        log.info("password set, all sessions ended", shop_key=account.shop_key)
        response = RedirectResponse(f"{LOGIN}?said=password", 303, headers=_HEADERS)
        if (session := visit_of(request).session) is not None and session.shop_key == account.shop_key:
            self._cookies.remove(response, "session")
        return response

    def _form(self, request: Request, email: str, *, fault: str | None = None, differs: bool = False) -> Response:
        values = {"email": email, "fault": fault, "differs": differs, "shortest": SHORTEST, "longest": LONGEST}
        status = 422 if fault or differs else 200
        return self._pages.page(request, "password.html", status, _HEADERS, **values)

    def _gone(self, request: Request) -> Response:
        return self._pages.page(request, "password_gone.html", 404, _HEADERS)
