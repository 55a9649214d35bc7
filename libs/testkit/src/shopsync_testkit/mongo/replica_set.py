"""Makes one mongod, or several, a writable replica set."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure, OperationFailure

NAME = "rs0"
_ALREADY_INITIALIZED = 23


def uri_of(port: int) -> str:
    """The URI clients use; directConnection keeps them on this one node."""
    return f"mongodb://127.0.0.1:{port}/?replicaSet={NAME}&directConnection=true"


def client(uri: str, *, milliseconds: int = 2000) -> AsyncMongoClient[dict[str, Any]]:
    """A client that gives up on an absent server after `milliseconds`."""
    return AsyncMongoClient(
        uri, serverSelectionTimeoutMS=milliseconds, connectTimeoutMS=milliseconds, socketTimeoutMS=10_000
    )


def ready_at(port: int, **options: str) -> Callable[[], Awaitable[bool]]:
    """A check whether the node at `port` accepts writes. It initiates the replica set when there is none.

    `options` of the connection string: what a client has to be told beside the address.
    """
    uri = f"mongodb://127.0.0.1:{port}/?{urlencode({'directConnection': 'true', **options})}"

    async def ready() -> bool:
        async with client(uri, milliseconds=300) as connection:
            try:
                hello = await connection.admin.command("hello")
                if hello.get("isWritablePrimary"):
                    return True
                if not hello.get("setName"):
                    await initiate(connection, [port])
            except ConnectionFailure:
                return False
        return False

    return ready


async def initiate(connection: AsyncMongoClient[dict[str, Any]], ports: Sequence[int], **settings: int) -> None:
    """Make the mongods at these ports a replica set, unless they are one."""
    members = [{"_id": number, "host": f"127.0.0.1:{port}"} for number, port in enumerate(ports)]
    config = {"_id": NAME, "members": members, "settings": settings}
    try:
        await connection.admin.command("replSetInitiate", config)
    except OperationFailure as error:
        if error.code != _ALREADY_INITIALIZED:
            raise


async def facts(uri: str) -> tuple[str, bool]:
    """The server's version, and whether it is a replica set or sharded. Raises PyMongoError."""
    async with client(uri) as connection:
        hello = await connection.admin.command("hello")
        info = await connection.admin.command("buildInfo")
    return str(info["version"]), bool(hello.get("setName") or hello.get("msg") == "isdbgrid")
