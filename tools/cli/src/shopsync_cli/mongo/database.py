"""What the command line reads from MongoDB."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from shopsync_cli.errors import CommandFailed, Unreachable, WrongCall
from shopsync_cli.mongo.read_errors import command_error
from shopsync_cli.settings import MongoSettings
from shopsync_readmodel.errors import ReadError
from shopsync_runtime.mongo import Database, hosts_of, told
from shopsync_runtime.wording import error_text

SERVICE_COLLECTIONS = frozenset(
    {
        "products",
        "tombstones",
        "shops",
        "held_messages",
        "done_requests",
        "imports",
        "checkpoints",
        "presence",
        "sweeps",
        "listings",
        "push_jobs",
        "push_pauses",
        "command_positions",
        "paces",
        "authorizations",
        "authorization_states",
        "app_troubles",
        "token_keys",
    }
)
"""Collections of the services; what a database of shopsync holds."""
_SHOWN = 10
_LONGEST = 300
_SYSTEM_DATABASES = frozenset({"admin", "config", "local"})


@asynccontextmanager
async def connected(settings: MongoSettings, *, may_be_empty: bool = False) -> AsyncIterator[Database]:
    """The database. Raises Unreachable or CommandFailed with the address, never with the password.

    Raises WrongCall for a database that holds nothing of shopsync, unless it `may_be_empty`.
    """
    client: AsyncMongoClient[dict[str, Any]] | None = None
    uri = settings.mongo_uri.get_secret_value()
    try:
        client = settings.client()
        database = client[settings.mongo_database]
        if not may_be_empty:
            await _require(database, uri)
        yield database
    except ReadError as error:
        raise command_error(error) from None
    except ConnectionFailure as error:
        raise Unreachable(f"MongoDB is not reachable at {_hosts(uri)}: {told(error)}") from error
    except OperationFailure as error:
        raise CommandFailed(f"MongoDB at {_hosts(uri)} refused: {told(error)}") from error
    except PyMongoError as error:
        raise CommandFailed(f"MongoDB: {error_text(error)[:_LONGEST]}") from error
    finally:
        if client is not None:
            await client.close()


async def _require(database: Database, uri: str) -> None:
    """Raises WrongCall for a database in which no service has ever written, such as a misspelt one."""
    there = await database.list_collection_names(authorizedCollections=True)
    if not SERVICE_COLLECTIONS.isdisjoint(there):
        return
    others = sorted(set(await database.client.list_database_names()) - _SYSTEM_DATABASES)
    if not there and database.name in others:
        return  # the collections that this user may read do not exist yet
    known = ", ".join([*others[:_SHOWN], *(["…"] if len(others) > _SHOWN else [])]) or "none"
    raise WrongCall(
        f"SHOPSYNC_MONGO_DATABASE (or --database) {database.name!r}: no service of shopsync has written there;"
        f" databases at {_hosts(uri)}: {known}"
    )


def _hosts(uri: str) -> str:
    try:
        return hosts_of(uri)
    except PyMongoError:
        return "the given address"
