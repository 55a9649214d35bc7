"""Breaking a connection in the middle, which no HTTP answer can show."""

import asyncio
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

_KEY = "shopsync.abort"


class DroppingApplication(Starlette):
    """Remembers with every request how to abort the connection it came on.

    uvicorn hands out no such thing, so its request cycle (whose method `send` is) is asked for the transport.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            scope[_KEY] = transport.abort
        await super().__call__(scope, receive, send)


async def drop_connection(scope: Scope) -> None:
    """Close the connection without a byte of an answer. Raises ConnectionResetError where there is no connection."""
    abort: Callable[[], None] | None = scope.get(_KEY)
    if abort is None:
        raise ConnectionResetError("the sandbox drops this connection")
    abort()
    # the server notices the loss in its next turns of the loop; returning earlier it would try to answer 500
    await asyncio.sleep(0.05)
