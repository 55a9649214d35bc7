"""A MongoDB replica set of three members, for tests of elections and of members that are away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from pymongo.errors import AutoReconnect, PyMongoError

from shopsync_testkit.mongo import embedded, replica_set
from shopsync_testkit.nodes import Members, ProcessNode, Program
from shopsync_testkit.polling import eventually
from shopsync_testkit.ports import free_port
from shopsync_testkit.scratch import new_folder, remove_folder

MEMBERS = 3
_SETTLED_SECONDS = 120.0
# The default of 10 s makes each test of a killed primary wait that long; much less is taken for a crash when a busy
# machine lets a member wait.
_ELECTION_MS = 4000
# How long a member that has stepped down may not be elected. Several may step down in a row.
_AWAY_SECONDS = 10


class MongoReplicaSet(Members):
    """A running replica set. Clients of `uri` find out by themselves who is the primary."""

    def __init__(self, nodes: Sequence[ProcessNode], ports: Sequence[int], version: str) -> None:
        super().__init__(nodes)
        self._ports = dict(enumerate(ports, 1))
        self.version = version
        addresses = ",".join(f"127.0.0.1:{port}" for port in ports)
        self.uri = f"mongodb://{addresses}/?replicaSet={replica_set.NAME}"

    def port(self, number: int) -> int:
        """Where a member listens."""
        return self._ports[number]

    def uri_by(self, port: int) -> str:
        """The URI of clients that use one member only, by a port that leads to it, such as a proxy's."""
        return replica_set.uri_of(port)

    async def primary(self) -> int:
        """The member that takes writes. Waits for an election."""
        return await eventually(self._primary, timeout=_SETTLED_SECONDS, interval=0.1, what="a primary")

    async def _primary(self) -> int:
        for number in self.numbers:
            if (await self._hello(number)).get("isWritablePrimary"):
                return number
        return 0

    async def step_down(self) -> int:
        """Make the primary step down. Returns the member that is elected, nearly always another one."""
        # The primary may close the connection on which it was asked.
        with contextlib.suppress(AutoReconnect):
            async with replica_set.client(self.uri_by(self.port(await self.primary())), milliseconds=5000) as primary:
                command = {"replSetStepDown": _AWAY_SECONDS, "secondaryCatchUpPeriodSecs": _AWAY_SECONDS - 1}
                await primary.admin.command(command)
        return await self.primary()

    async def healed(self) -> None:
        """Wait until there is a primary and all others follow it."""
        await eventually(self._all_there, timeout=_SETTLED_SECONDS, interval=0.1, what="all members in the set")

    async def _all_there(self) -> bool:
        states = [await self._hello(number) for number in self.numbers]
        primaries = [state for state in states if state.get("isWritablePrimary")]
        return len(primaries) == 1 and sum(bool(state.get("secondary")) for state in states) == len(states) - 1

    async def _hello(self, number: int) -> dict[str, Any]:
        if self.node(number).pid is None:
            return {}
        return await _hello(self.port(number))

    async def initiate(self) -> None:
        """Make the started members a replica set, with the first one as the likely primary."""
        first = f"mongodb://127.0.0.1:{self.port(1)}/?directConnection=true"
        async with replica_set.client(first) as connection:
            ports = list(self._ports.values())
            await replica_set.initiate(connection, ports, electionTimeoutMillis=_ELECTION_MS)
        await self.healed()


@contextlib.asynccontextmanager
async def cluster() -> AsyncIterator[MongoReplicaSet]:
    """Three members while the block runs; their data outlives every restart. Raises Unavailable, StartFailed."""
    binary = embedded.binary()
    version = await asyncio.to_thread(embedded.version_of, binary)
    folders = [new_folder(f"mongo-{number}") for number in range(1, MEMBERS + 1)]
    ports = [free_port() for _ in folders]
    nodes = [_member(binary, folder, port) for folder, port in zip(folders, ports, strict=True)]
    running = MongoReplicaSet(nodes, ports, f"MongoDB {version}")
    try:
        await running.start()
        await running.initiate()
        yield running
    finally:
        await running.dispose()
        for folder in folders:
            remove_folder(folder)


def _member(binary: Path, folder: Path, port: int) -> ProcessNode:
    (folder / "data").mkdir()
    program = Program(f"mongod at {port}", embedded.command(binary, folder / "data", port), folder, port)
    return ProcessNode(program, _ready_at(port))


def _ready_at(port: int) -> Callable[[], Awaitable[bool]]:
    """Whether the member answers, whatever its part in the set."""

    async def ready() -> bool:
        return bool(await _hello(port))

    return ready


async def _hello(port: int) -> dict[str, Any]:
    """What the member says of itself; nothing when it does not answer."""
    address = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    async with replica_set.client(address, milliseconds=1000) as connection:
        try:
            return dict(await connection.admin.command("hello"))
        except PyMongoError:
            return {}
