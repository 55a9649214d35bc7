"""The commands `kafka` and `mongo`: one server each, in the foreground."""

from typing import Annotated

import typer

from shopsync_testkit import kafka as kafka_server
from shopsync_testkit import mongo as mongo_server
from shopsync_testkit.foreground import hold, print_ready

_Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]


def kafka(
    *,
    port: _Port = 0,
    backend: Annotated[
        str | None,
        typer.Option(
            envvar="SHOPSYNC_KAFKA",
            help="external, docker, apache, embedded, or auto: the most realistic one that works.",
        ),
    ] = None,
) -> None:
    """Run a Kafka broker on loopback until Ctrl-C. Its data is removed afterwards.

    Prints one JSON line when it answers: bootstrap_servers, backend, version, lacks and why this backend.
    """

    def announce(broker: kafka_server.Broker) -> None:
        print_ready(
            bootstrap_servers=broker.bootstrap_servers,
            backend=broker.backend,
            version=broker.version,
            lacks=sorted(broker.lacks),
            why=broker.why,
        )

    hold(kafka_server.broker(backend, port=port or None), announce)


def mongo(
    *,
    port: _Port = 0,
    backend: Annotated[
        str | None,
        typer.Option(envvar="SHOPSYNC_MONGO", help="external, docker, embedded, or auto: the first that works."),
    ] = None,
) -> None:
    """Run a MongoDB replica set of one node on loopback until Ctrl-C. Its data is removed afterwards.

    Prints one JSON line when it takes writes: uri, backend, version and why this backend.
    """

    def announce(server: mongo_server.MongoServer) -> None:
        print_ready(uri=server.uri, backend=server.backend, version=server.version, why=server.why)

    hold(mongo_server.server(backend, port=port or None), announce)
