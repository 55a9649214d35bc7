"""The service's HTTP port: health, metrics, and the service's own routes, inside the same event loop."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence

import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, disable_created_metrics, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shopsync_runtime.errors import StartError
from shopsync_runtime.health import Report
from shopsync_runtime.metrics import TASKS

log = structlog.get_logger(__name__)

Check = Callable[[], Awaitable[Report]]
_OWN_PATHS = frozenset({"/livez", "/readyz", "/metrics"})
_STOP_SECONDS = 3
_IDLE_SECONDS = 75
"""Longer than proxies keep a connection without requests, 60 s as a rule. The side that sends must be the one to close
it: otherwise a request may meet the close, and a proxy does not send a POST again.
"""


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signal handling to the service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Starts before Kafka and MongoDB are available, so that probes get an answer."""

    def __init__(self, app: ASGIApp, *, host: str, port: int) -> None:
        self._app, self._host, self._port = app, host, port
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen. Returns the port. Raises StartError when the address cannot be used."""
        bound = _bind(self._host, self._port)
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[bound]), name="http")
        port: int = bound.getsockname()[1]
        log.info("http listening", host=self._host, port=port)
        return port

    async def stop(self) -> None:
        """Answer the requests in flight, then close."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        await self._task


def make_http_app(
    *, livez: Check, readyz: Check, routes: Sequence[BaseRoute], is_started: Callable[[], bool]
) -> ASGIApp:
    """An ASGI application with health, metrics and the service's routes, which answer once the service has started."""
    # Without the second series of each counter, for a moment that nobody asks for.
    disable_created_metrics()  # type: ignore[no-untyped-call]

    async def answer_livez(_request: Request) -> Response:
        return _answer(await livez())

    async def answer_readyz(_request: Request) -> Response:
        return _answer(await readyz())

    async def answer_metrics(_request: Request) -> Response:
        TASKS.set(len(asyncio.all_tasks()))
        # In a thread: with a thousand shops it takes a tenth of a second.
        return Response(await asyncio.to_thread(generate_latest), media_type=CONTENT_TYPE_LATEST)

    own = [
        Route("/livez", answer_livez),
        Route("/readyz", answer_readyz),
        Route("/metrics", answer_metrics),
    ]
    return _Gate(Starlette(routes=[*own, *routes]), is_started)


class _Gate:
    """Answers 503 for the service's own routes until it has started, since their stores are not ready before."""

    def __init__(self, app: ASGIApp, is_started: Callable[[], bool]) -> None:
        self._app, self._is_started = app, is_started

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in _OWN_PATHS and not self._is_started():
            response = JSONResponse({"error": "starting or stopping"}, 503, headers={"Retry-After": "5"})
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _answer(report: Report) -> Response:
    notes = {"notes": dict(report.notes)} if report.notes else {}
    return JSONResponse({"ok": report.ok, "checks": report.checks, **notes}, 200 if report.ok else 503)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio only disables Nagle's algorithm if the protocol is given; otherwise each answer takes 40 ms longer.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        # With SO_REUSEADDR two processes can bind one port while neither listens: only listen() tells.
        bound.listen()
    except OSError as error:
        bound.close()
        variable = "SHOPSYNC_HTTP_PORT" if error.errno in {errno.EADDRINUSE, errno.EACCES} else "SHOPSYNC_HTTP_HOST"
        raise StartError(f"cannot listen on {host}:{port}: {error.strerror}; set {variable}") from error
    return bound
