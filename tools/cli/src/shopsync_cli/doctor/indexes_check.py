"""Indexes: all that the services make are there, and no others, each of which every write would pay for."""

from collections.abc import Sequence

from pymongo.errors import OperationFailure

from shopsync_cli.doctor.model import Finding, Patient, fail, ok, skipped, warn
from shopsync_cli.mongo.database import connected
from shopsync_cli.mongo.indexes import INDEXES, Index, index_of
from shopsync_runtime.mongo import Database
from shopsync_runtime.wording import counted

_UNAUTHORIZED = 13
_MISSING_COLLECTION = 26


async def check(patient: Patient) -> Sequence[Finding]:
    """A line for each collection whose indexes differ."""
    settings = patient.mongo
    assert settings is not None  # noqa: S101 - the runner skips the check otherwise
    found: list[Finding] = []
    unseen: list[str] = []
    looked = 0
    async with connected(settings, may_be_empty=True) as database:
        for collection, wanted in INDEXES.items():
            there = await _indexes(database, collection)
            if there is None:
                unseen.append(collection)
            elif there:
                looked += 1
                found += judge(collection, wanted, there)
    if not looked and not unseen:
        return [skipped("indexes", "no service has written here yet")]
    if not found:
        found.append(ok("indexes", f"{counted(looked, 'collection has', 'collections have')} the declared ones"))
    if unseen:
        found.append(
            skipped("indexes", f"this user may not see those of {', '.join(unseen)}", "ask as an administrator")
        )
    return found


async def _indexes(database: Database, collection: str) -> list[Index] | None:
    """Those of one collection, that of `_id` included; none when it does not exist; None when they may not be seen."""
    try:
        return [index_of(one) async for one in await database[collection].list_indexes()]
    except OperationFailure as error:
        if error.code == _MISSING_COLLECTION:
            return []
        if error.code == _UNAUTHORIZED:
            return None
        raise


def judge(collection: str, wanted: Sequence[Index], there: Sequence[Index]) -> list[Finding]:
    """What is missing, and what nobody declared."""
    found = []
    if missing := sorted(set(wanted) - set(there)):
        text = f"missing: {'; '.join(map(str, missing))}: queries read the whole collection"
        found.append(fail(collection, text, "restart the service that writes it: it makes its indexes when it starts"))
    if more := sorted(one for one in set(there) - set(wanted) if one.keys != ("_id",)):
        text = f"not declared: {'; '.join(map(str, more))}: every write pays for it"
        found.append(warn(collection, text, f'db.{collection}.getIndexes() names it, db.{collection}.dropIndex("…")'))
    return found
