"""What a request brings: its session, language and form. The middleware puts it into the request's state."""

from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request

from console.errors import ConsoleError
from console.model import Language, Session
from console.web import csrf

SHOWN = {"x-swap": "1"}
"""Header of an error that htmx is to show as it shows an answer; of others the page says that something failed."""


@dataclass(frozen=True, slots=True)
class Visit:
    """`cookie`: the session's, or that of a visit without one; tokens of forms are made from it.

    `form`: of a POST, already read; its token was checked.
    """

    cookie: str
    session: Session | None
    language: Language
    form: FormData

    @property
    def csrf(self) -> str:
        """The token for the forms of the page."""
        return csrf.token_of(self.cookie)


def visit_of(request: Request) -> Visit:
    """Of any request that came through the middleware."""
    visit: Visit = request.state.visit
    return visit


def session_of(request: Request) -> Session:
    """Of a request to a page that needs a log-in."""
    session = visit_of(request).session
    if session is None:
        raise ConsoleError("a page without a session was asked for one")
    return session


def shop_of(request: Request) -> str:
    """The only shop that this request may read or write (AU-3)."""
    return session_of(request).shop_key


def is_partial(request: Request) -> bool:
    """Whether htmx asked for a part of a page."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-history-restore-request") != "true"
