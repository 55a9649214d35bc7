"""A page in answer to a form has an address of its own: Back and reload ask for it again, and send nothing."""

from typing import Generic, TypeVar
from urllib.parse import urlencode

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.store import Drafts
from console.web.addresses import here_of
from console.web.visits import session_of, visit_of

_NAME = "draft"

Shown = TypeVar("Shown")


class DraftPages(Generic[Shown]):
    """The answers to one screen's forms. `kind`: what such a page is made of, a dataclass."""

    def __init__(self, drafts: Drafts, kind: type[Shown]) -> None:
        self._drafts = drafts
        self._kind: TypeAdapter[Shown] = TypeAdapter(kind)

    async def lead_to(self, request: Request, shown: Shown) -> Response:
        """To the page that shows this."""
        name = await self._drafts.keep(session_of(request), _page(request), self._text(shown))
        path = here_of(request).partition("?")[0]
        return RedirectResponse(f"{path}?{urlencode({_NAME: name})}", 303)

    async def leave(self, request: Request, left: Shown) -> None:
        """The page whose form was sent is to show, on the way back to it, what was entered there."""
        if name := str(visit_of(request).form.get(_NAME, "")):
            await self._drafts.change(session_of(request), _page(request), name, self._text(left))

    async def asked_for(self, request: Request) -> Shown | None:
        """What the address asks for. The page says where that is not there any more."""
        if (name := request.query_params.get(_NAME)) is None:
            return None
        text = await self._drafts.get(session_of(request), _page(request), name)
        try:
            return self._kind.validate_json(text or "")
        except ValidationError:
            # Nothing is kept under this name, or a former version of the console kept it.
            request.state.draft_gone = True
            return None

    def _text(self, shown: Shown) -> str:
        return self._kind.dump_json(shown).decode()


def _page(request: Request) -> str:
    return str(request.scope["path"])
