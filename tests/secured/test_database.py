"""What MongoDB's users may do, over TLS, by password and by certificate: their own collections and no others."""

import json
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

ROLES = json.loads((Path(__file__).parents[2] / "deploy" / "mongo" / "roles.json").read_text(encoding="utf-8"))
USERS = {user["name"]: user for user in ROLES["users"]}
COLLECTIONS = sorted({name for user in ROLES["users"] for kind in ("owns", "reads") for name in user.get(kind, ())})
_UNAUTHORIZED = 13
_A_VIEW = 166
"""Whoever has the right to write is told that there is a view, once a publisher has made it."""


def client_of(database: Any, user: str) -> AsyncMongoClient[dict[str, Any]]:
    told = database.as_user(user)
    password = {"password": told["SHOPSYNC_MONGO_PASSWORD"]} if "SHOPSYNC_MONGO_PASSWORD" in told else {}
    return AsyncMongoClient(told["SHOPSYNC_MONGO_URI"], **password, w="majority", serverSelectionTimeoutMS=5000)


async def is_allowed(attempt: Any) -> bool:
    try:
        await attempt
    except OperationFailure as error:
        assert error.code in (_UNAUTHORIZED, _A_VIEW), error  # noqa: PT017
        return error.code == _A_VIEW
    return True


@pytest.mark.parametrize("user", USERS)
async def test_a_user_writes_its_own_collections_and_reads_what_it_is_told(database, user):
    """Nothing is changed: no document has this id."""
    owns, changes, reads = (set(USERS[user].get(kind, ())) for kind in ("owns", "changes", "reads"))
    nothing = {"_id": "nothing"}
    async with client_of(database, user) as client:
        for name in COLLECTIONS:
            collection = client["shopsync"][name]
            assert await is_allowed(collection.find_one(nothing)) == (name in owns | changes | reads), name
            update = collection.update_one(nothing, {"$set": {"a": 1}})
            assert await is_allowed(update) == (name in owns | changes), name
            assert await is_allowed(collection.delete_one(nothing)) == (name in owns), name
        for refused in (
            client["shopsync"]["elsewhere"].insert_one(nothing),
            client["other"]["products"].find_one(),
            client["shopsync"].command("dropDatabase"),
            client["shopsync"].command({"createUser": "x", "pwd": "y", "roles": []}),
            client.admin.command("listDatabases", nameOnly=False, authorizedDatabases=False),
        ):
            assert not await is_allowed(refused)
