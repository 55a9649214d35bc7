"""A MongoDB that somebody else runs, at the address in SHOPSYNC_MONGO_URI."""

import os
from urllib.parse import urlsplit

from pymongo.errors import PyMongoError

from shopsync_testkit.backends import Unavailable, Wish
from shopsync_testkit.mongo.replica_set import facts
from shopsync_testkit.mongo.started import StartedMongo
from shopsync_testkit.nodes import RemoteNode

ADDRESS = "SHOPSYNC_MONGO_URI"


async def start(wish: Wish) -> StartedMongo:  # noqa: ARG001 - backends share one signature
    """Check that the replica set answers."""
    uri = os.environ.get(ADDRESS, "").strip()
    if not uri:
        raise Unavailable(f"{ADDRESS} is not set")
    where = without_password(uri)
    try:
        version, replicated = await facts(uri)
    except PyMongoError as error:
        raise Unavailable(f"no MongoDB answers at {ADDRESS}={where}: {str(error)[:200]}") from error
    if not replicated:
        raise Unavailable(f"the MongoDB at {ADDRESS}={where} is no replica set; start it with --replSet")
    return StartedMongo(uri, "external", f"MongoDB {version}", RemoteNode(where))


def without_password(uri: str) -> str:
    """The URI's hosts and database, for messages, without the user and the options."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
