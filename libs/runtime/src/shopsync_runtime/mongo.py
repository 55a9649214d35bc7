import asyncio
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

Document = dict[str, Any]
Database = AsyncDatabase[Document]

# Short: a handler that fails fast is put back with back-off, one that hangs holds its partitions.
# What the connection string says goes before.
_PATIENCE: dict[str, Any] = {"serverSelectionTimeoutMS": 5_000, "connectTimeoutMS": 5_000, "socketTimeoutMS": 30_000}


def make_client(uri: str, *, app_name: str) -> AsyncMongoClient[Document]:
    """A client whose writes are acknowledged by a majority and repeated once after a failover.

    Datetimes come back aware (UTC). Belongs to the event loop it is first used in. Connects on first use.
    """
    patience: dict[str, Any] = {name: limit for name, limit in _PATIENCE.items() if name.lower() not in uri.lower()}
    return AsyncMongoClient(
        uri,
        appname=f"shopsync-{app_name}",
        w="majority",
        retryWrites=True,
        retryReads=True,
        tz_aware=True,
        **patience,
    )


async def ping_error(client: AsyncMongoClient[Document], within: float) -> str | None:
    """Why MongoDB does not answer as a writable member within so many seconds, or None when it does."""
    try:
        async with asyncio.timeout(within):
            hello = await client.admin.command("hello")
    except TimeoutError:
        return f"no answer within {within:g} s"
    except PyMongoError as error:
        return str(error).split(", Timeout:")[0][:200]
    return None if hello.get("isWritablePrimary") else "no primary"


def hosts_of(uri: str) -> str:
    """The addresses of a connection string, without user and password."""
    if uri.startswith("mongodb+srv://"):
        return uri.rpartition("@")[2].removeprefix("mongodb+srv://").partition("/")[0]
    return ",".join(f"{host}:{port}" for host, port in parse_uri(uri, validate=False)["nodelist"])
