"""What a MongoDB server is asked to do, by its own counters: so many commands, whatever the machine."""

from collections.abc import Mapping
from typing import Any

from pymongo import AsyncMongoClient

_OF_CLIENTS = ("hello", "isMaster", "ping", "serverStatus", "endSessions", "getLog", "buildInfo")
"""Commands of drivers and of this benchmark, and none of a service's work."""


async def commands(uri: str) -> dict[str, int]:
    """How often each command was carried out since the server's start."""
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        status = await client.admin.command("serverStatus")
    return counted(status["metrics"]["commands"])


def counted(table: Mapping[str, Any]) -> dict[str, int]:
    """The totals in `metrics.commands` of a server's status, of commands that services send."""
    return {
        name: int(counts["total"])
        for name, counts in table.items()
        if isinstance(counts, Mapping) and name not in _OF_CLIENTS and not name.startswith(("_", "replSet"))
    }


def since(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """What was added, the most frequent first."""
    added = {name: count - before.get(name, 0) for name, count in after.items()}
    return {name: count for name, count in sorted(added.items(), key=lambda one: -one[1]) if count > 0}
