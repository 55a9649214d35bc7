"""Serves a sandbox application: in the foreground for the command line, or in the running loop for tests."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

_GRACE_SECONDS = 3
_TICK_SECONDS = 0.1


class _Server(uvicorn.Server):
    """A uvicorn server inside a test. It leaves signals alone, and stops at once instead of at its next tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stopping = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        tick = 0
        while not self.stopping.is_set() and not await self.on_tick(tick):
            tick += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_SECONDS):
                    await self.stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for each in sockets or []:
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            _, late = await asyncio.wait(self.server_state.tasks, timeout=_GRACE_SECONDS)
            for task in late:
                task.cancel()
        await self.lifespan.shutdown()


def listen(host: str, port: int) -> socket.socket:
    """Listen on a TCP socket; port 0 takes a free one. Raises OSError when the port is taken."""
    # asyncio switches Nagle's delay off only where the protocol is named; otherwise an answer takes 40 ms longer
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    bound.listen(128)
    return bound


def url_of(bound: socket.socket) -> str:
    """`http://host:port` of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://{host}:{port}"


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def serve(app: ASGIApp, *, host: str, port: int, **facts: Any) -> None:
    """Serve until SIGINT or SIGTERM. Prints one JSON line with the URL and `facts` once requests are accepted."""
    try:
        bound = listen(host, port)
    except OSError as error:
        sys.exit(f"cannot listen on {host}:{port}: {error.strerror}")
    sys.stdout.write(json.dumps({"event": "ready", "url": url_of(bound), **facts}, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    uvicorn.Server(_config(app)).run(sockets=[bound])


@contextlib.asynccontextmanager
async def running(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve in the running event loop while the block runs. Yields the base URL."""
    bound = listen(host, port)
    server = _Server(_config(app))
    task = asyncio.create_task(server.serve(sockets=[bound]), name="sandbox-http")
    try:
        while not server.started:
            if task.done():
                await task
                raise RuntimeError("the sandbox server stopped while starting")
            await asyncio.sleep(0.01)
        yield url_of(bound)
    finally:
        server.stopping.set()
        await task
