"""Copies of a database: by mongodump where it is installed, else by the driver, of one moment either way."""

import asyncio
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

Client = AsyncMongoClient[dict[str, Any]]


def has_tools() -> bool:
    """Whether MongoDB's own tools are there. Their Go module cannot be fetched by the module proxy."""
    return all(shutil.which(name) for name in ("mongodump", "mongorestore"))


@dataclass
class DriverCopy:
    """All documents and indexes of a database, read at one cluster time."""

    documents: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    indexes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    async def take(self, client: Client, database: str) -> None:
        names = await client[database].list_collection_names(filter={"type": "collection"})
        async with client.start_session(snapshot=True) as session:
            for name in names:
                if not name.startswith("system."):
                    self.documents[name] = await client[database][name].find(session=session).to_list()
        for name in self.documents:
            self.indexes[name] = [dict(one) async for one in await client[database][name].list_indexes()]

    async def restore(self, client: Client, database: str) -> None:
        await client.drop_database(database)
        for name, documents in self.documents.items():
            await client[database].create_collection(name)
            made = [{k: v for k, v in one.items() if k not in {"v", "ns"}} for one in self.indexes[name]]
            if more := [one for one in made if list(one["key"]) != ["_id"]]:
                await client[database].command({"createIndexes": name, "indexes": more})
            if documents:
                await client[database][name].insert_many(documents)


@dataclass
class DumpCopy:
    """By mongodump and mongorestore, as docs/backup.md has it."""

    file: Path
    uri: str

    async def take(self, _client: Client, database: str) -> None:
        # --oplog takes the whole server, which tests share; nothing writes meanwhile.
        await _run("mongodump", f"--uri={self.uri}", f"--db={database}", "--gzip", f"--archive={self.file}")

    async def restore(self, client: Client, database: str) -> None:
        await client.drop_database(database)
        await _run("mongorestore", f"--uri={self.uri}", "--gzip", f"--archive={self.file}", f"--nsInclude={database}.*")


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, told = await process.communicate()
    assert process.returncode == 0, told.decode()
