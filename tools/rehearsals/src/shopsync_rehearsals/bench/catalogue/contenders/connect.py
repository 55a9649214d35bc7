"""Kafka Connect's MongoDB sink: configuration instead of code. It writes each message, and publishes nothing."""

from shopsync_rehearsals.bench.catalogue.contenders.connect_worker import ConnectWorker
from shopsync_rehearsals.bench.catalogue.contenders.places import COLLECTION, Places
from shopsync_rehearsals.bench.catalogue.plan import Kind

_ID_STRATEGY = "document.id.strategy"


class Sink:
    """One connector with one task."""

    kind = Kind.CONNECT

    def __init__(self, places: Places, worker: ConnectWorker) -> None:
        self.places = places
        self._worker = worker
        self._name = name_of(places)
        self._created = False
        self._works = False

    @property
    def pid(self) -> int:
        return self._worker.child.pid

    async def start(self) -> None:
        """Create the connector, or let it go on."""
        if self._created:
            await self._worker.resume(self._name)
        else:
            await self._worker.create(self._name, sink_settings(self.places))
            self._created = True
        self._works = True

    async def stop(self) -> None:
        """Stop the connector. Does nothing when it does not work."""
        if self._works:
            self._works = False
            await self._worker.stop(self._name)

    async def failure(self) -> str | None:
        """Set when the worker has ended, or the connector's task has failed."""
        if self._worker.child.exit_code is not None:
            return f"Kafka Connect ended:\n{self._worker.child.tail()}"
        return await self._worker.failure(self._name)


def name_of(places: Places) -> str:
    """The connector's name; Connect makes the group's name of it."""
    return places.group.removeprefix("connect-")


def sink_settings(places: Places) -> dict[str, str]:
    """The connector's settings: the subject becomes `_id`, an acknowledgement of the majority is waited for."""
    separator = "&" if "?" in places.mongo_uri else "?"
    return {
        "connector.class": "com.mongodb.kafka.connect.MongoSinkConnector",
        "tasks.max": "1",
        "topics": places.source,
        "connection.uri": f"{places.mongo_uri}{separator}w=majority",
        "database": places.database,
        "collection": COLLECTION,
        _ID_STRATEGY: "com.mongodb.kafka.connect.sink.processor.id.strategy.PartialValueStrategy",
        f"{_ID_STRATEGY}.partial.value.projection.type": "AllowList",
        f"{_ID_STRATEGY}.partial.value.projection.list": "subject",
        "writemodel.strategy": "com.mongodb.kafka.connect.sink.writemodel.strategy.ReplaceOneDefaultStrategy",
    }
