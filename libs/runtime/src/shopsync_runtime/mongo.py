import asyncio
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from shopsync_runtime.wording import error_text

Document = dict[str, Any]
Database = AsyncDatabase[Document]

# Short: a handler that fails fast is retried with back-off, one that hangs blocks its partitions.
# The connection string takes precedence.
_TIMEOUTS: dict[str, Any] = {"serverSelectionTimeoutMS": 5_000, "connectTimeoutMS": 5_000, "socketTimeoutMS": 30_000}


def make_client(uri: str, *, app_name: str, password: str | None = None) -> AsyncMongoClient[Document]:
    """A client whose writes are acknowledged by a majority and repeated once after a failover.

    `password` is for a user that the connection string names without one. Datetimes are returned aware (UTC). The
    client connects on first use and belongs to the event loop of that use.
    """
    patience: dict[str, Any] = {name: limit for name, limit in _TIMEOUTS.items() if name.lower() not in uri.lower()}
    apart: dict[str, Any] = {"password": password} if password is not None and _lacks_password(uri) else {}
    return AsyncMongoClient(
        uri,
        **apart,
        appname=f"shopsync-{app_name}",
        w="majority",
        retryWrites=True,
        retryReads=True,
        tz_aware=True,
        **patience,
    )


async def ping_error(client: AsyncMongoClient[Document], within: float) -> str | None:
    """Why MongoDB does not answer as a writable member within `within` seconds; None when it does."""
    try:
        async with asyncio.timeout(within):
            hello = await client.admin.command("hello")
    except TimeoutError:
        return f"no answer within {within:g} s"
    except PyMongoError as error:
        return error_text(error)[:200]
    return None if hello.get("isWritablePrimary") else "no primary"


def hosts_of(uri: str) -> str:
    """The addresses in a connection string, without user and password."""
    if uri.startswith("mongodb+srv://"):
        return uri.rpartition("@")[2].removeprefix("mongodb+srv://").partition("/")[0]
    return ",".join(f"{host}:{port}" for host, port in parse_uri(uri, validate=False)["nodelist"])


def uri_problem(uri: str) -> str | None:
    """What is wrong with a connection string, without repeating any of it; None when it is valid.

    Does not look up the hosts of mongodb+srv://.
    """
    if uri.startswith("mongodb+srv://"):
        return None
    try:
        parse_uri(uri)
    except (PyMongoError, ValueError):
        return (
            "is no MongoDB connection string such as mongodb://user@host:27017/?replicaSet=rs0; in it the characters"
            " @ : / ? # [ ] % of user and password are written %40 %3A %2F %3F %23 %5B %5D %25, or the password stands"
            " apart, as it is, in SHOPSYNC_MONGO_PASSWORD"
        )
    return None


def _lacks_password(uri: str) -> bool:
    userinfo, at, _ = uri.partition("://")[2].partition("/")[0].rpartition("@")
    return bool(at) and ":" not in userinfo
