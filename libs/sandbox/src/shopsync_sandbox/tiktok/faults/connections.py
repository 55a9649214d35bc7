"""Answers that break the connection."""

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_KEY = "shopsync.transport"


class TransportApplication(Starlette):
    """Keeps the transport of every request, so that a response can close it.

    uvicorn has no API for that, so it is read from the request cycle, whose method `send` is.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_KEY] = getattr(getattr(send, "__self__", None), "transport", None)
        await super().__call__(scope, receive, send)


class Dropped(Response):
    """No answer: the connection is closed. Raises ConnectionResetError where there is none."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        transport = scope.get(_KEY)
        if transport is None:
            raise ConnectionResetError("the sandbox drops this connection")
        transport.abort()
        await _gone(receive)


class Truncated(Response):
    """Sends the headers of `whole` and half of its body, then closes the connection."""

    def __init__(self, whole: Response) -> None:
        self.body = whole.body
        self.status_code = whole.status_code
        self.raw_headers = whole.raw_headers
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = scope.get(_KEY)
        if transport is None:
            raise ConnectionResetError("the sandbox drops this connection")
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        transport.close()
        await _gone(receive)


async def _gone(receive: Receive) -> None:
    """Wait until the server has noticed it. If we returned earlier, the server would try to answer 500."""
    while (await receive())["type"] != "http.disconnect":
        pass
