"""ログイン: e-mail and password; log out; the language. A write without a session keeps what was entered."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.errors import WrongForm
from console.metrics import LOGINS
from console.model import Language, Session
from console.screens.kept_values import category_of, kept_values
from console.screens.product_lists import ProductLists
from console.settings import ConsoleSettings
from console.store import Attempt, LoginThrottle, Sessions
from console.store.throttle import DEVICE_LIFETIME
from console.web.addresses import HOME, here_of, own_path, page_of, site_of
from console.web.cookies import Cookies
from console.web.guard import LOGIN, LOGOUT
from console.web.kept import kept_fields, kept_form, kept_text
from console.web.rendering import Pages
from console.web.visits import SHOWN, is_partial, shop_of, visit_of
from shopsync_accounts import Account, Accounts

log = structlog.get_logger(__name__)

_SAID = frozenset({"out", "everywhere", "password"})


@dataclass(frozen=True, slots=True)
class _Form:
    """What the log-in form carries and says. `there`: where it leads; `kept`: what is to be sent there."""

    there: str
    kept: str = ""
    back: str = HOME
    notice: str | None = None
    said: str | None = None
    wrong: str | None = None
    minutes: int = 0


class LoginScreen:
    """`/login`, `/logout`, `/language`."""

    def __init__(
        self,
        pages: Pages,
        accounts: Accounts,
        sessions: Sessions,
        throttle: LoginThrottle,
        lists: ProductLists,
        *,
        settings: ConsoleSettings,
    ) -> None:
        self._pages = pages
        self._accounts = accounts
        self._sessions = sessions
        self._throttle = throttle
        self._lists = lists
        self._cookies = Cookies(is_secure=settings.is_secure)
        self._settings = settings

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route("/", self.home, methods=["GET"], name="home"),
            Route(LOGIN, self.show, methods=["GET"], name="login"),
            Route(LOGIN, self.log_in, methods=["POST"]),
            Route(LOGOUT, self.log_out, methods=["POST"], name="logout"),
            Route("/language", self.language, methods=["POST"], name="language"),
        ]

    async def home(self, _request: Request) -> Response:
        """The list is where a merchant begins."""
        return RedirectResponse(HOME, 303)

    async def show(self, request: Request) -> Response:
        """The form."""
        there, said = own_path(request.query_params.get("next", "")), request.query_params.get("said", "")
        if visit_of(request).session is not None:
            return RedirectResponse(there, 303)
        return self._form(request, _Form(there, said=said if said in _SAID else None))

    async def keep_and_ask(self, request: Request) -> Response:
        """In answer to a write whose session has ended: the form, with what was entered to be sent after it.

        Where the browser has logged in again meanwhile, in another window: what was entered at once.
        """
        if request.scope["path"] == LOGOUT:
            return RedirectResponse(LOGIN, 303)
        headers = {"hx-retarget": "body", "hx-reswap": "innerHTML", **SHOWN} if is_partial(request) else {}
        kept, back = kept_form(visit_of(request).form), self._page_before(request)
        if visit_of(request).session is not None:
            if not kept:
                raise WrongForm("a form of a session before this one, too large to be shown once more")
            return await self._resume(request, _Form(here_of(request), kept, back), 409, headers)
        shown = _Form(here_of(request), kept, back, "kept") if kept else _Form(back, notice="not_kept")
        return self._form(request, shown, 401, headers)

    async def log_in(self, request: Request) -> Response:
        """To where the merchant wanted to go, with a session of its own."""
        form = visit_of(request).form
        email, password = str(form.get("email", "")), str(form.get("password", ""))
        device = self._cookies.get(request, "device")
        attempt = await self._throttle.begin(email, site_of(request), device)
        if attempt.wait is not None:
            LOGINS.labels("throttled").inc()
            log.warning("log-ins wait after too many failures", address=site_of(request))
            seconds = math.ceil(attempt.wait.total_seconds())
            again = {"retry-after": str(seconds)}
            return self._again(request, 429, wrong="throttled", minutes=math.ceil(seconds / 60), headers=again)
        account = await self._accounts.log_in(email, password)
        session = None if account is None else await self._begin(account)
        if account is None or session is None:
            LOGINS.labels("refused").inc()
            return self._again(request, 401, wrong="refused")
        return await self._enter(request, account, session, attempt)

    async def log_out(self, request: Request) -> Response:
        """The session is over on every replica; asked for, so is every other one of the shop."""
        visit = visit_of(request)
        everywhere = visit.session is not None and visit.form.get("everywhere") == "1"
        if everywhere:
            await self._sessions.end_all_of(shop_of(request))
            log.info("logged out everywhere", shop_key=shop_of(request))
        await self._sessions.end(visit.cookie)
        response = RedirectResponse(f"{LOGIN}?said={'everywhere' if everywhere else 'out'}", 303)
        self._cookies.remove(response, "session")
        return response

    async def language(self, request: Request) -> Response:
        """The other language, on the same page, with what is kept there."""
        visit = visit_of(request)
        chosen: Language = "en" if visit.form.get("language") == "en" else "ja"
        response: Response = RedirectResponse(own_path(str(visit.form.get("back", ""))), 303)
        if visit.form.get("kept"):
            request.state.visit = replace(visit, language=chosen)
            carried = self._carried(request)
            has_session = visit.session is not None
            response = await self._resume(request, carried) if has_session else self._form(request, carried)
        self._cookies.set(response, "language", chosen, DEVICE_LIFETIME)
        return response

    async def _begin(self, account: Account) -> Session | None:
        """None when the password was changed meanwhile: that ended all sessions, and this one comes too late for it."""
        session = await self._sessions.begin(account.shop_key, account.email)
        if await self._accounts.is_current(account):
            return session
        await self._sessions.end(session.token)
        return None

    async def _enter(self, request: Request, account: Account, session: Session, attempt: Attempt) -> Response:
        LOGINS.labels("done").inc()
        log.info("logged in", shop_key=account.shop_key)
        await self._throttle.succeeded(attempt)
        device = await self._throttle.remember(account.email, account.shop_key, self._cookies.get(request, "device"))
        if (before := visit_of(request).session) is not None:
            await self._sessions.end(before.token)
        response = await self._go_on(request, session)
        self._cookies.set(response, "session", session.token, self._settings.session_lifetime)
        self._cookies.set(response, "device", device, DEVICE_LIFETIME)
        self._cookies.remove(response, "visit")
        return response

    async def _go_on(self, request: Request, session: Session) -> Response:
        """To the page that was asked for, or to what was entered before the log-in."""
        carried = self._carried(request)
        if not carried.kept:
            return RedirectResponse(carried.there, 303)
        request.state.visit = replace(visit_of(request), cookie=session.token, session=session)
        return await self._resume(request, carried)

    async def _resume(
        self, request: Request, carried: _Form, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        """What was entered before the log-in is shown once more, and sent only by the merchant's own press."""
        fields = kept_fields(carried.kept)
        # The form may be another shop's, or name any category: it is looked up for the session's shop alone (AU-3).
        lists = await self._lists.of_category(shop_of(request), category_of(fields))
        return self._pages.page(
            request,
            "resume.html",
            status,
            headers,
            there=carried.there,
            back=carried.back,
            kept=kept_text(fields),
            fields=fields,
            values=kept_values(fields, lists),
        )

    def _carried(self, request: Request) -> _Form:
        """What the log-in page, or the page after it, has in hidden fields."""
        form = visit_of(request).form
        there, kept, back = (str(form.get(name, "")) for name in ("next", "kept", "back"))
        return _Form(own_path(there), kept, own_path(back), "kept" if kept else None)

    def _again(
        self, request: Request, status: int, *, wrong: str, minutes: int = 0, headers: Mapping[str, str] | None = None
    ) -> Response:
        """The log-in form with what it carried."""
        shown = replace(self._carried(request), wrong=wrong, minutes=minutes)
        return self._form(request, shown, status, headers)

    def _form(
        self, request: Request, shown: _Form, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        # An e-mail of any other form is a field of that form.
        email = str(visit_of(request).form.get("email", "")) if request.scope["path"] == LOGIN else ""
        return self._pages.page(request, "login.html", status, headers, email=email, **asdict(shown))

    def _page_before(self, request: Request) -> str:
        """The page on which a form was."""
        if is_partial(request):
            return page_of(request, self._settings.public_url)
        parts = urlsplit(request.headers.get("referer", ""))
        if f"{parts.scheme}://{parts.netloc}" != self._settings.public_url:
            return HOME
        return own_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)
