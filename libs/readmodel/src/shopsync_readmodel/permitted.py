"""Collections that some users may not read."""

from collections.abc import Awaitable
from typing import TypeVar

from pymongo.errors import OperationFailure

from shopsync_runtime.mongo import Database, Document

T = TypeVar("T")
_UNAUTHORIZED = 13


async def if_allowed(read: Awaitable[T]) -> T | None:
    """What was read; None for a user who may not read it."""
    try:
        return await read
    except OperationFailure as error:
        if error.code != _UNAUTHORIZED:
            raise
        return None


async def optional_by_id(database: Database, name: str, one: str | None = None) -> dict[str, Document]:
    """Documents by `_id`, all or one; empty for a user who may not read them."""
    found = await if_allowed(database[name].find({} if one is None else {"_id": one}).to_list())
    return {str(document["_id"]): document for document in found or ()}
