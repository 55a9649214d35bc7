"""The MongoDB that users of the test kit get, and the choice between the backends."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from shopsync_testkit import backends
from shopsync_testkit.backends import Backend
from shopsync_testkit.mongo import container, embedded, external
from shopsync_testkit.mongo.external import without_password
from shopsync_testkit.nodes import Controlled

CHOICE = "SHOPSYNC_MONGO"

# The most realistic one first: `auto` takes the first that works.
_BACKENDS = (
    Backend("external", external.start),
    Backend("docker", container.start),
    Backend("embedded", embedded.start),
)


@dataclass(frozen=True, kw_only=True)
class MongoServer(Controlled):
    """A running MongoDB replica set that accepts writes. `why` says how the backend was chosen."""

    uri: str
    backend: str
    version: str
    why: str

    def describe(self) -> str:
        """One line for people: version, backend and address, without credentials."""
        return f"{self.version} ({self.backend}) at {without_password(self.uri)}"


async def start_server(choice: str | None = None, *, port: int | None = None) -> MongoServer:
    """Start a server that runs until `server.node.dispose()`. See `server`."""
    started = await backends.start(_BACKENDS, choice=choice, variable=CHOICE, port=port)
    found = started.server
    return MongoServer(uri=found.uri, backend=found.backend, version=found.version, why=started.why, node=found.node)


@contextlib.asynccontextmanager
async def server(choice: str | None = None, *, port: int | None = None) -> AsyncIterator[MongoServer]:
    """A MongoDB that runs while the block runs.

    `choice` is external, docker, embedded or auto; None reads SHOPSYNC_MONGO (unset: auto). `port` None takes a free
    one. Raises UnknownChoice, StartFailed, or Unavailable with what is missing on this machine.
    """
    running = await start_server(choice, port=port)
    try:
        yield running
    finally:
        await running.node.dispose()
