"""Lines of calls that all replicas share: a document per line says when its next free time is.

All times are the database server's, so clocks of machines may differ, and a crash leaves a line as it was. What else
stands in the document, and what a caller takes of the line, is the service's.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import ceil
from typing import Any

from pymongo import ReturnDocument, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from shopsync_runtime.mongo import Database, Document

Lines = AsyncCollection[Document]


def lines_in(database: Database, collection: str) -> Lines:
    """Acknowledged by the primary alone: a failover may lose the newest reservations, and a few calls come early."""
    return database.get_collection(collection, write_concern=WriteConcern(w=1))


async def reserve(lines: Lines, line: str, pipeline: Sequence[Mapping[str, Any]]) -> Document:
    """The line's document after one atomic update, which makes it when it is missing.

    Raises PyMongoError when the database does not answer: then nothing may be called.
    """
    while True:
        try:
            document = await lines.find_one_and_update(
                {"_id": line}, pipeline, upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            continue  # another replica made the document at the same moment
        if document is None:
            raise RuntimeError("an upsert returns its document")
        return document


def next_free(*, lead: timedelta = timedelta(0), gap: Any = 0) -> Document:
    """An expression: the first time that nobody has, `lead` from now or later, `gap` milliseconds behind the others.

    A missing `next_at` is smaller than any time.
    """
    return {"$max": [{"$add": ["$next_at", gap]}, {"$add": ["$$NOW", milliseconds(lead)]}]}


def milliseconds(duration: timedelta) -> int:
    """Rounded up to MongoDB's grain."""
    return ceil(duration / timedelta(milliseconds=1))
