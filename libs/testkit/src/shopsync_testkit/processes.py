"""Our own services as child processes that can be started, watched, crashed and started again."""

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from shopsync_testkit.children import START_SECONDS, Child, StartFailed, spawn
from shopsync_testkit.polling import NeverHappened, eventually
from shopsync_testkit.ports import free_port

# A service sees only the settings that it is given, not those of the shell that runs the tests.
_SETTINGS = ("SHOPSYNC_", "INGESTOR_", "CATALOG_", "PUBLISHER_", "JANITOR_", "CONSOLE_")


def clean_environment() -> dict[str, str]:
    """The environment of this process, without settings of services."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}


class ServiceProcess:
    """`python -m MODULE` with the given settings, ready when `/readyz` on its HTTP port answers 200.

    `folder` receives `<name>.log` with everything it prints; a restart appends to it. Restarts keep the port.
    SHOPSYNC_SANDBOX is set, and the service dies with this process.
    """

    def __init__(
        self,
        module: str,
        *,
        env: Mapping[str, str],
        folder: Path,
        name: str | None = None,
        http_port: int | None = None,
        ready_seconds: float = START_SECONDS,
    ) -> None:
        self.name = name or module
        self.http_port = http_port or free_port()
        self.log = folder / f"{self.name}.log"
        self.module = module
        self._env = {
            **clean_environment(),
            "PYTHONUNBUFFERED": "1",
            "SHOPSYNC_SANDBOX": "true",
            **env,
            "SHOPSYNC_HTTP_PORT": str(self.http_port),
        }
        self._ready_seconds = ready_seconds
        self.python = sys.executable
        self._child: Child | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def child(self) -> Child:
        """The current process, or the last one."""
        if self._child is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._child

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._child is not None and self._child.exit_code is None

    def replica(
        self, name: str, *, env: Mapping[str, str], python: str | None = None, http_port: int | None = None
    ) -> Self:
        """Another one with the same settings but these, on its own port.

        `python`: the interpreter of another version.
        """
        made = type(self)(
            self.module,
            env={**self._env, **env},
            folder=self.log.parent,
            name=name,
            http_port=http_port,
            ready_seconds=self._ready_seconds,
        )
        made.python = python or self.python
        return made

    async def start(self, *, wait: bool = True) -> None:
        """Start it and wait for `/readyz` (`wait=False`: only start). Raises StartFailed with the log's tail."""
        if self.running:
            raise RuntimeError(f"{self.name} is already running")
        command = [self.python, "-m", self.module]
        self._child = spawn(self.name, command, log=self.log, env=self._env)
        if wait:
            await self.ready()

    async def ready(self) -> None:
        """Wait until `/readyz` answers 200. Raises StartFailed when the service ends first, or takes too long."""
        async with httpx.AsyncClient(base_url=self.url, timeout=2.0, trust_env=False) as client:
            try:
                await eventually(
                    lambda: self._is_ready(client), timeout=self._ready_seconds, interval=0.05, what="readiness"
                )
            except NeverHappened as error:
                raise StartFailed(f"{self.name}: {error}\n{self.child.tail()}") from error

    async def _is_ready(self, client: httpx.AsyncClient) -> bool:
        if self.child.exit_code is not None:
            raise StartFailed(f"{self.name} ended with code {self.child.exit_code}:\n{self.child.tail()}")
        try:
            answer = await client.get("/readyz")
        except httpx.TransportError as error:
            raise AssertionError(f"no answer from {self.url}/readyz: {error!r}") from error
        assert answer.status_code == 200, f"/readyz answers {answer.status_code}: {answer.text[:500]}"  # noqa: S101
        return True

    async def kill(self) -> None:
        """Crash it (SIGKILL). Returns when it is gone."""
        await self.child.kill()

    async def terminate(self, grace: float = 20.0) -> int:
        """Ask it to end (SIGTERM) and return its exit code; -9 when it had to be killed after `grace` seconds."""
        return await self.child.terminate(grace)

    async def restart(self, *, wait: bool = True) -> None:
        """End it (SIGTERM) if it runs, and start it with the same settings."""
        if self.running:
            await self.terminate()
        await self.start(wait=wait)

    async def exited(self, seconds: float = 120.0) -> int:
        """Wait until it ends by itself, and return its exit code. Raises NeverHappened."""
        code = await self.child.wait(seconds)
        if code is None:
            raise NeverHappened(f"{self.name} still runs after {seconds:g} s\n{self.child.tail()}")
        return code

    def tail(self, lines: int = 20) -> str:
        """The last lines of its log."""
        return self.child.tail(lines)

    def log_lines(self) -> list[dict[str, Any]]:
        """Every JSON log line so far, restarts included. Other lines are left out."""
        return json_lines(self.log)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running:
            await self.terminate()


def json_lines(log: Path) -> list[dict[str, Any]]:
    """The JSON objects among the lines of a log file; empty when there is no file yet."""
    lines: list[dict[str, Any]] = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            lines.append(value)
    return lines


async def start_announced(
    name: str, command: list[str], *, log: Path, env: Mapping[str, str] | None = None, seconds: float = START_SECONDS
) -> tuple[Child, dict[str, Any]]:
    """Start a program that prints a line `{"event": "ready", …}`. Returns it and that line. Raises StartFailed."""
    log.unlink(missing_ok=True)  # noqa: ASYNC240 - a local file of a few bytes
    child = spawn(name, command, log=log, env={**(env or os.environ), "PYTHONUNBUFFERED": "1"})
    deadline = time.monotonic() + seconds
    while True:
        for line in json_lines(log):
            if line.get("event") == "ready":
                return child, line
        if child.exit_code is not None:
            raise StartFailed(f"{name} ended with code {child.exit_code} while starting:\n{child.tail()}")
        if time.monotonic() > deadline:
            await child.kill()
            raise StartFailed(f"{name} did not become ready in {seconds:g} s:\n{child.tail()}")
        await child.wait(0.05)
