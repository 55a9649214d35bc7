"""`/stream`: what changed in the session's shop, as server-sent events. A page asks for the part that changed."""

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.live import Hub
from console.model import Session
from console.store.sessions import digest_of
from console.web.visits import session_of

_PING_SECONDS = 15
_LONGEST_SECONDS = 300.0
"""Then the browser comes back, through the guard."""
_SOON_MS = 2_000
_LATER_MS = 60_000
"""The browser of a page that made room for a newer one: sooner, and they would push each other out all the time."""
_SEND_SECONDS = 20.0
"""A page that takes nothing for so long is gone."""


class StreamScreen:
    """Open as long as the page and its session are, until the process stops; the browser comes back by itself."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self) -> list[Route]:
        """For the application."""
        return [Route("/stream", self.follow, methods=["GET"], name="stream")]

    async def follow(self, request: Request) -> Response:
        """Events `product` (its number), `action` (its id), `counts`, `run` and `list` of this shop alone; or `ended`.

        The last of some carries the position after it: a browser that comes back names it, and gets what it missed.
        """
        after = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return EventSourceResponse(
            self._events(session_of(request), after),
            ping=_PING_SECONDS,
            send_timeout=_SEND_SECONDS,
            headers={"cache-control": "no-store"},
        )

    async def _events(self, session: Session, after: str) -> AsyncIterator[ServerSentEvent]:
        stream = self._hub.open(session.shop_key, digest_of(session.token), after)
        ends = asyncio.get_running_loop().call_later(_LONGEST_SECONDS, stream.close)
        try:
            yield ServerSentEvent(comment="open", retry=_SOON_MS)
            async for (name, data), position in stream.changes():
                yield ServerSentEvent(event=name, data=data, id=position)
            if stream.is_one_too_many:
                yield ServerSentEvent(comment="too many", retry=_LATER_MS)
        finally:
            ends.cancel()
            self._hub.leave(stream)
