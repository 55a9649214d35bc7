"""What the command line reads from MongoDB."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from shopsync_ops.errors import CommandFailed, Unreachable
from shopsync_ops.settings import MongoSettings
from shopsync_runtime.mongo import Database, hosts_of


@asynccontextmanager
async def connected(settings: MongoSettings) -> AsyncIterator[Database]:
    """The database. Raises Unreachable or CommandFailed with the address, never with the password."""
    client: AsyncMongoClient[dict[str, Any]] | None = None
    uri = settings.mongo_uri.get_secret_value()
    try:
        client = settings.client()
        yield client[settings.mongo_database]
    except ConnectionFailure as error:
        raise Unreachable(f"MongoDB is not reachable at {_hosts(uri)}: {_short(error)}") from error
    except OperationFailure as error:
        raise CommandFailed(f"MongoDB at {_hosts(uri)} refused: {_short(error)}") from error
    except PyMongoError as error:
        raise CommandFailed(f"MongoDB: {_short(error)}") from error
    finally:
        if client is not None:
            await client.close()


def _hosts(uri: str) -> str:
    try:
        return hosts_of(uri)
    except PyMongoError:
        return "the given address"


def _short(error: PyMongoError) -> str:
    return " ".join(str(error).split(", full error:")[0].split(", Timeout:")[0].split())[:300]
