"""The broker that users of the test kit get, and the choice between the backends."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from shopsync_testkit import backends
from shopsync_testkit.backends import Backend
from shopsync_testkit.kafka import apache, container, embedded, external
from shopsync_testkit.kafka.server import KafkaServer
from shopsync_testkit.nodes import Controlled

CHOICE = "SHOPSYNC_KAFKA"

# The most realistic one first: `auto` takes the first that works.
_BACKENDS = (
    Backend("external", external.start),
    Backend("docker", container.start),
    Backend("apache", apache.start),
    Backend("embedded", embedded.start),
)


@dataclass(frozen=True, kw_only=True)
class Broker(Controlled):
    """A running Kafka broker.

    `lacks` names what it cannot do, as in `CAPABILITIES` (with "crash-durability", `kill` loses data). `why` says how
    the backend was chosen.
    """

    bootstrap_servers: str
    backend: str
    version: str
    lacks: frozenset[str]
    why: str

    def describe(self) -> str:
        """One line for people: version, backend and address."""
        return f"{self.version} ({self.backend}) at {self.bootstrap_servers}"


async def start_broker(choice: str | None = None, *, port: int | None = None) -> Broker:
    """Start a broker that runs until `broker.node.dispose()`. See `broker`."""
    started = await backends.start(_BACKENDS, choice=choice, variable=CHOICE, port=port)
    return _broker(started.server, started.why)


def _broker(server: KafkaServer, why: str) -> Broker:
    return Broker(
        bootstrap_servers=server.bootstrap_servers,
        backend=server.backend,
        version=server.version,
        lacks=server.lacks,
        why=why,
        node=server.node,
    )


@contextlib.asynccontextmanager
async def broker(choice: str | None = None, *, port: int | None = None) -> AsyncIterator[Broker]:
    """A broker that runs while the block runs.

    `choice` is external, docker, apache, embedded or auto; None reads SHOPSYNC_KAFKA (unset: auto). `port` None takes
    a free one. Raises UnknownChoice, StartFailed, or Unavailable with what is missing on this machine.
    """
    running = await start_broker(choice, port=port)
    try:
        yield running
    finally:
        await running.node.dispose()
