"""Servers that can be started, stopped, killed and started again on the same address and data."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shopsync_testkit.children import START_SECONDS, Child, StartFailed, spawn
from shopsync_testkit.ports import is_free
from shopsync_testkit.scratch import remove_folder

_STOP_SECONDS = 10.0


class NotOurs(RuntimeError):
    """The server was started by somebody else, so it cannot be stopped or killed from here."""


class Node(ABC):
    """One server. Every call returns when the server has reached the state."""

    @abstractmethod
    async def start(self) -> None:
        """Start it and wait until it answers. Raises StartFailed."""

    @abstractmethod
    async def stop(self) -> None:
        """Shut it down cleanly; data and address are kept."""

    @abstractmethod
    async def kill(self) -> None:
        """End it at once, like a crash; data and address are kept."""

    @abstractmethod
    async def dispose(self) -> None:
        """End it and remove its data."""


@dataclass(frozen=True, kw_only=True)
class Controlled:
    """What fault tests can do to a running server.

    Every call returns when the server has reached the state. Address and data are kept. Raises NotOurs for an external
    server.
    """

    node: Node

    async def start(self) -> None:
        """Start it again after `stop` or `kill`."""
        await self.node.start()

    async def stop(self) -> None:
        """Shut it down cleanly (SIGTERM)."""
        await self.node.stop()

    async def kill(self) -> None:
        """Crash it (SIGKILL)."""
        await self.node.kill()

    async def restart(self) -> None:
        """Shut it down cleanly and start it on the same port and data."""
        await self.node.stop()
        await self.node.start()


class RemoteNode(Node):
    """A server that runs elsewhere: it can only be used."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def start(self) -> None:
        """Raises NotOurs."""
        raise NotOurs(f"the server at {self._address} is external: start it where it was started")

    async def stop(self) -> None:
        """Raises NotOurs."""
        raise NotOurs(f"the server at {self._address} is external: it is not stopped from here")

    async def kill(self) -> None:
        """Raises NotOurs."""
        raise NotOurs(f"the server at {self._address} is external: it is not killed from here")

    async def dispose(self) -> None:
        """Do nothing: the server is not ours."""


@dataclass(frozen=True, slots=True)
class Program:
    """A server program that listens on loopback `port`.

    Everything it writes is in `folder`, which comes from `scratch.new_folder` and is removed with the node.
    """

    name: str
    command: Sequence[str]
    folder: Path
    port: int


class ProcessNode(Node):
    """A server that runs as a child process.

    `ready` says whether it answers; it must not raise while the server is still starting. `stopped` is called after
    every clean shutdown. A shutdown that takes longer than `stop_seconds` becomes a kill.
    """

    def __init__(
        self,
        program: Program,
        ready: Callable[[], Awaitable[bool]],
        *,
        start_seconds: float = START_SECONDS,
        stop_seconds: float = _STOP_SECONDS,
        stopped: Callable[[], None] | None = None,
    ) -> None:
        self._program = program
        self._ready = ready
        self._start_seconds = start_seconds
        self._stop_seconds = stop_seconds
        self._stopped = stopped
        self._child: Child | None = None

    @property
    def log(self) -> Path:
        """The file that receives its output."""
        return self._program.folder / "server.log"

    @property
    def pid(self) -> int | None:
        """The running process; None while it is stopped."""
        return self._child.pid if self._child is not None and self._child.exit_code is None else None

    async def start(self) -> None:
        """Start it, or start it again, and wait until it answers. Raises StartFailed."""
        if self.pid is not None:
            return
        program = self._program
        if not is_free(program.port):  # or `ready` would be answered by somebody else's server
            raise StartFailed(f"{program.name} cannot start: port {program.port} on 127.0.0.1 is already in use")
        self._child = spawn(program.name, program.command, log=self.log, cwd=program.folder)
        try:
            await self._until_ready(self._child)
        except BaseException:
            await self._child.kill()
            raise

    async def _until_ready(self, child: Child) -> None:
        deadline = time.monotonic() + self._start_seconds
        while not await self._ready():
            if child.exit_code is not None:
                raise StartFailed(
                    f"{self._program.name} ended with code {child.exit_code} while starting:\n{child.tail()}"
                )
            if time.monotonic() > deadline:
                raise StartFailed(f"{self._program.name} did not answer in {self._start_seconds:g} s:\n{child.tail()}")
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Shut it down cleanly."""
        if self._child is not None and self.pid is not None:
            await self._child.terminate(self._stop_seconds)
            if self._stopped is not None:
                self._stopped()

    async def kill(self) -> None:
        """End it at once."""
        if self._child is not None and self.pid is not None:
            await self._child.kill()

    async def dispose(self) -> None:
        """End it and remove everything it wrote."""
        try:
            if self._stopped is not None:
                await self.stop()
            else:  # nobody reads the data again, so a clean shutdown gains nothing
                await self.kill()
        finally:
            remove_folder(self._program.folder)


class Members:
    """Servers that form one cluster, numbered from 1.

    Each call takes the numbers of members; without any it means all of them, at the same moment. Data and addresses are
    kept until `dispose`.
    """

    def __init__(self, nodes: Sequence[ProcessNode]) -> None:
        self._nodes = dict(enumerate(nodes, 1))

    @property
    def numbers(self) -> list[int]:
        return list(self._nodes)

    def node(self, number: int) -> ProcessNode:
        """The process of a member."""
        return self._nodes[number]

    async def start(self, *numbers: int) -> None:
        """Start them, or start them again, and wait until each answers. Raises StartFailed."""
        await self._each(numbers, ProcessNode.start)

    async def stop(self, *numbers: int) -> None:
        """Shut them down cleanly."""
        await self._each(numbers, ProcessNode.stop)

    async def kill(self, *numbers: int) -> None:
        """Crash them (SIGKILL)."""
        await self._each(numbers, ProcessNode.kill)

    async def restart(self, *numbers: int) -> None:
        """Shut them down cleanly and start them on the same ports and data."""
        await self.stop(*numbers)
        await self.start(*numbers)

    async def dispose(self) -> None:
        """End all of them and remove their data."""
        await self._each((), ProcessNode.dispose)

    async def _each(self, numbers: Sequence[int], change: Callable[[ProcessNode], Awaitable[None]]) -> None:
        nodes = [self._nodes[number] for number in numbers or self._nodes]
        results = await asyncio.gather(*map(change, nodes), return_exceptions=True)
        failed = [one for one in results if isinstance(one, BaseException)]
        if failed:
            raise failed[0]
