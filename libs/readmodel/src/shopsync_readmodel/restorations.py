"""Whether this database was restored from a backup, and up to which push commands it knows."""

from dataclasses import dataclass
from datetime import datetime

from shopsync_readmodel.permitted import if_allowed
from shopsync_runtime.mongo import Database

CommandPositions = dict[tuple[str, int], int]
"""The last push command that the publisher has taken in, by topic (full name) and partition."""

COLLECTION = "restorations"


@dataclass(frozen=True, slots=True)
class Restoration:
    """A restore that the publisher was told of. `backup_of`: the moment of the backup."""

    backup_of: datetime
    restored_at: datetime


async def read_restorations(database: Database) -> list[Restoration]:
    """All of them, the newest last; none for a user who may not read them."""
    found = await if_allowed(database[COLLECTION].find().sort("_id", 1).to_list())
    return [Restoration(one["_id"], one["restored_at"]) for one in found or ()]


async def read_command_positions(database: Database) -> CommandPositions | None:
    """None for a user who may not read them."""
    found = await if_allowed(database["command_positions"].find().to_list())
    if found is None:
        return None
    positions: CommandPositions = {}
    for one in found:
        topic, _, partition = str(one["_id"]).rpartition("/")
        positions[(topic, int(partition))] = int(one["offset"])
    return positions


async def read_gap(database: Database) -> datetime | None:
    """When a publisher first noticed push commands behind others that the database does not know; None: never."""
    gap = {"gap_at": {"$exists": True}}
    found = await if_allowed(database["command_positions"].find(gap).sort("gap_at", 1).limit(1).to_list())
    return found[0]["gap_at"] if found else None
