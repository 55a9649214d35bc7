"""A page in answer to a form has an address of its own: Back and reload ask for it again, and send nothing."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar
from urllib.parse import urlencode

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.model import Language
from console.store import Drafts
from console.store.throttle import DEVICE_LIFETIME
from console.web.addresses import here_of
from console.web.cookies import Cookies
from console.web.visits import is_partial, session_of, visit_of

_NAME = "draft"
_LANGUAGE: Final = "language"

Shown = TypeVar("Shown")


@dataclass(frozen=True, slots=True)
class DraftKeeping:
    """Where the drafts of all screens are, and the cookies, of which one is the language."""

    drafts: Drafts
    cookies: Cookies


class DraftPages(Generic[Shown]):
    """The answers to one screen's forms. `kind`: what such a page is made of, a dataclass."""

    def __init__(self, keeping: DraftKeeping, kind: type[Shown]) -> None:
        self._drafts = keeping.drafts
        self._cookies = keeping.cookies
        self._kind: TypeAdapter[Shown] = TypeAdapter(kind)

    async def lead_to(self, request: Request, shown: Shown) -> Response:
        """To the page that shows this."""
        name = await self._drafts.keep(session_of(request), _page(request), self._text(shown))
        return RedirectResponse(address_of(request, name), 303)

    async def in_other_language(self, request: Request, shown: Shown) -> Response:
        """Likewise, for the switch of the language, which sends the form of its page."""
        language: Language = "en" if visit_of(request).form.get(_LANGUAGE) == "en" else "ja"
        response = await self.lead_to(request, shown)
        if is_partial(request):
            response = Response(headers={"hx-redirect": response.headers["location"]})
        self._cookies.set(response, _LANGUAGE, language, DEVICE_LIFETIME)
        return response

    async def keep(self, request: Request, shown: Shown) -> str:
        """For a page that stays and takes this in: the name of its draft. The one that it had, where that is there."""
        session, text = session_of(request), self._text(shown)
        name = str(visit_of(request).form.get(_NAME, ""))
        if name and await self._drafts.change(session, _page(request), name, text):
            return name
        return await self._drafts.keep(session, _page(request), text)

    async def leave(self, request: Request, left: Shown) -> None:
        """The page whose form was sent is to show, on the way back to it, what was entered there."""
        if name := str(visit_of(request).form.get(_NAME, "")):
            await self._drafts.change(session_of(request), _page(request), name, self._text(left))

    async def asked_for(self, request: Request) -> Shown | None:
        """What the address asks for. The page says where that is not there any more."""
        if (name := request.query_params.get(_NAME)) is None:
            return None
        shown = await self._read(request, name)
        request.state.draft_gone = shown is None
        return shown

    async def before(self, request: Request) -> Shown | None:
        """What the page whose form was sent was made of; None where it had no draft."""
        return await self._read(request, str(visit_of(request).form.get(_NAME, "")))

    async def _read(self, request: Request, name: str) -> Shown | None:
        text = await self._drafts.get(session_of(request), _page(request), name) if name else None
        try:
            return self._kind.validate_json(text or "")
        except ValidationError:
            # Nothing is kept under this name, or a former version of the console kept it.
            return None

    def _text(self, shown: Shown) -> str:
        return self._kind.dump_json(shown).decode()


def is_switching(request: Request) -> bool:
    """Whether a form was sent by the switch of the language."""
    return _LANGUAGE in visit_of(request).form


def address_of(request: Request, name: str) -> str:
    """Of the page with this draft; without a name as it is opened."""
    path = here_of(request).partition("?")[0]
    return f"{path}?{urlencode({_NAME: name})}" if name else path


def _page(request: Request) -> str:
    return str(request.scope["path"])
