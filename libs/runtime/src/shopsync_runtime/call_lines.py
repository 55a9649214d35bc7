"""Queues of calls that all replicas share. One document per queue has its next free time.

All times are the database server's, so the clocks of machines may differ, and a crash leaves a queue as it is. The
services decide what else is in the document and how much time a call reserves.
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
    """The collection of queues.

    Writes are acknowledged by the primary alone. A failover may lose the newest reservations, and then a few calls are
    sent early.
    """
    return database.get_collection(collection, write_concern=WriteConcern(w=1))


async def reserve(lines: Lines, line: str, pipeline: Sequence[Mapping[str, Any]]) -> Document:
    """The queue's document after one atomic update, which creates it if it is missing.

    Raises PyMongoError when the database does not answer. Then nothing may be called.
    """
    while True:
        try:
            document = await lines.find_one_and_update(
                {"_id": line}, pipeline, upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            continue  # another replica created the document at the same time
        if document is None:
            raise RuntimeError("an upsert returns its document")
        return document


def next_free(*, lead: timedelta = timedelta(0), gap: Any = 0) -> Document:
    """Expression for the first free time, at least `lead` from now and `gap` milliseconds after the last reservation.

    A missing `next_at` is smaller than any time.
    """
    return {"$max": [{"$add": ["$next_at", gap]}, {"$add": ["$$NOW", milliseconds(lead)]}]}


def milliseconds(duration: timedelta) -> int:
    """The duration in milliseconds, MongoDB's resolution, rounded up."""
    return ceil(duration / timedelta(milliseconds=1))
