import time
from functools import cached_property

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopsync_sandbox.futureshop.actions import Actions
from shopsync_sandbox.futureshop.api import Api
from shopsync_sandbox.futureshop.control import control_routes
from shopsync_sandbox.futureshop.errors import ApiError, on_api_error
from shopsync_sandbox.futureshop.journal import Entry, kind_of


class FutureshopSandbox(Actions):
    """A futureshop server with generated shops. Serve `app`; the methods change the shops while it serves."""

    @cached_property
    def app(self) -> ASGIApp:
        """The API and, under /_sandbox, the control API."""
        routes = [
            *Api(self.shops, self.access, self.faults, self.clock).routes(),
            Mount("/_sandbox", routes=control_routes(self)),
        ]
        return _Recorded(Starlette(routes=routes, exception_handlers={ApiError: on_api_error}), self)


class _Recorded:
    """Records every call outside the control API in the journal, with the status of its answer."""

    def __init__(self, app: ASGIApp, sandbox: Actions) -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._sandbox.journal.add(self._entry(scope, status, time.perf_counter() - started))

    def _entry(self, scope: Scope, status: int, seconds: float) -> Entry:
        shop_key = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-shop-key"), None)
        return Entry(
            at=self._sandbox.clock.now().isoformat(timespec="milliseconds"),
            kind=kind_of(scope["method"], scope["path"]),
            shop_key=shop_key,
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            status=status,
            milliseconds=round(seconds * 1000, 3),
        )
