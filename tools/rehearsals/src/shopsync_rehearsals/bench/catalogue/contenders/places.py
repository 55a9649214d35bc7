"""Where a contender of one round reads and writes, and what the run needs of it."""

import json
from dataclasses import asdict, dataclass
from typing import Protocol, Self

from shopsync_rehearsals.bench.catalogue.plan import Kind

COLLECTION = "products"
MAX_RECORDS = 500
"""Messages in one batch, the default of CATALOG_MAX_RECORDS and of Kafka's own consumers."""


@dataclass(frozen=True, slots=True)
class Places:
    """Full names. `snapshots` None: it publishes none."""

    kafka_bootstrap: str
    mongo_uri: str
    source: str
    group: str
    database: str
    snapshots: str | None

    def to_json(self) -> str:
        """The argument of a contender's program."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        return cls(**json.loads(text))


class Contender(Protocol):
    """One of them in one round. It consumes between `start` and `stop`, and at no other time.

    Each phase begins with a fresh process, so that none holds what another one does not: a process that stays alive
    without consuming would lose its place in the group, and the watchdog would end a stopped service. The first
    messages of a phase are of other products and are not measured, so imports and whatever is built lazily do not
    count. Connect's process stays, since a JVM compiles its code while it runs; its connector is stopped and resumed.
    """

    kind: Kind
    places: Places

    @property
    def pid(self) -> int:
        """The process that works, after `start`."""

    async def start(self) -> None:
        """Begin to consume, from the group's committed offsets."""

    async def stop(self) -> None:
        """Stop consuming and leave the group."""

    async def failure(self) -> str | None:
        """Why it will not go on, with the tail of its log; None while it works. Asking may cost it time."""
