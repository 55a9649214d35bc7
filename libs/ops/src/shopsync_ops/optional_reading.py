"""Collections that some users may not read."""

from pymongo.errors import OperationFailure

from shopsync_runtime.mongo import Database, Document

UNAUTHORIZED = 13


async def optional_by_id(database: Database, name: str, one: str | None = None) -> dict[str, Document]:
    """Documents by `_id`, all or one; empty for a user who may not read them."""
    try:
        found = await database[name].find({} if one is None else {"_id": one}).to_list()
    except OperationFailure as error:
        if error.code != UNAUTHORIZED:
            raise
        return {}
    return {str(document["_id"]): document for document in found}
