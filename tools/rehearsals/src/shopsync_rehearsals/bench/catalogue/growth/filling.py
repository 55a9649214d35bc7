"""Fills a database with products as the catalogue stores them, without sending a message for each."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection

from shopsync_rehearsals.bench.catalogue.contenders.places import COLLECTION
from shopsync_rehearsals.bench.catalogue.messages import numbered

_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_AT_ONCE = 1000
_WRITERS = 2


async def fill(
    client: AsyncMongoClient[dict[str, Any]], database: str, have: int, want: int, seen: Callable[[int], None]
) -> None:
    """Write the products `have` … `want - 1`: each a copy of one that is there, under its own number.

    All numbers have the same length, so the bytes of a document can be copied without decoding it.
    """
    products: AsyncCollection[Any] = client[database].get_collection(
        COLLECTION, codec_options=_RAW, write_concern=WriteConcern(w=1, j=False)
    )
    templates = [bytes(document.raw) async for document in products.find().sort("_id", 1)]
    if len(templates) != have:
        raise RuntimeError(f"{len(templates)} products are stored, not {have}")
    blocks = iter(range(have, want, _AT_ONCE))
    written = have

    async def write() -> None:
        nonlocal written
        for first in blocks:
            numbers = range(first, min(want, first + _AT_ONCE))
            await products.insert_many(list(copies(templates, numbers)), ordered=False)
            written += len(numbers)
            seen(written)

    await asyncio.gather(*(write() for _ in range(_WRITERS)))


def copies(templates: Sequence[bytes], numbers: range) -> Iterator[RawBSONDocument]:
    """Documents with these numbers. Templates are those of the numbers 0, 1, 2 and so on."""
    for number in numbers:
        place = number % len(templates)
        old, new = numbered(place).encode(), numbered(number).encode()
        # Addresses of pictures have it in small letters.
        yield RawBSONDocument(templates[place].replace(old, new).replace(old.lower(), new.lower()))
