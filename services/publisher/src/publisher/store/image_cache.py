import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

import structlog
from pymongo import ASCENDING, IndexModel, ReplaceOne, WriteConcern
from pymongo.errors import BulkWriteError, PyMongoError

from publisher.concurrency.batching import Batcher
from publisher.model import UploadedImage, UseCase
from shopsync_runtime.mongo import Database, Document
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)

_DUPLICATE_KEY = 11000
_FORGOTTEN_AFTER = timedelta(days=180)
_APART = 0.1
"""Seconds between two commands for images, so that those of all shops go together. Chosen: a call of one shop waits as
long for the next one's time.
"""
USE_CASES = get_args(UseCase)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """The file that an image address had last, and the validators to ask whether it has changed."""

    digest: str
    etag: str | None
    last_modified: str | None


class ImageCache:
    """`images`: uploads by shop, use case and content digest, and the digest that each address had last.

    TikTok's `uri` belongs to one shop, so nothing is shared between shops (NV-13). Nobody waits for writes, and the
    primary alone acknowledges them: what a crash or a failover loses is uploaded again.
    """

    def __init__(self, database: Database) -> None:
        self._images = database.get_collection("images", write_concern=WriteConcern(w=1))
        self._reads = Batcher(self._read, apart=_APART)
        self._writes = Batcher(self._write, apart=_APART)
        self._unwritten: dict[str, Document] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def ensure_indexes(self) -> None:
        """Entries that were not written for 180 days expire; what is still in use is fetched and uploaded again."""
        forget = int(_FORGOTTEN_AFTER.total_seconds())
        fields = ("uploaded_at", "seen_at")
        await self._images.create_indexes(
            [IndexModel([(field, ASCENDING)], expireAfterSeconds=forget) for field in fields]
        )

    async def file(self, shop_key: str, address: str) -> KnownFile | None:
        """The file that the address had last; None: it is not known."""
        document = await self._document(_file_id(shop_key, address))
        if document is None:
            return None
        return KnownFile(document["digest"], document.get("etag"), document.get("last_modified"))

    def remember_file(self, shop_key: str, address: str, file: KnownFile, now: datetime) -> None:
        """Store the file that the address has now."""
        self._remember(_file(shop_key, address, file, now))

    async def upload(self, shop_key: str, use_case: str, digest: str) -> UploadedImage | None:
        """The upload of this content for this use case; None when there is none."""
        document = await self._document(_upload_id(shop_key, use_case, digest))
        if document is None:
            return None
        size = document["width"], document["height"]
        return UploadedImage(document["uri"], document["url"], *size, document.get("note", ""))

    def remember_upload(
        self, shop_key: str, use_case: str, image: UploadedImage, *, address: str, file: KnownFile, now: datetime
    ) -> None:
        """Store the upload and the file of its address."""
        upload = {
            "_id": _upload_id(shop_key, use_case, file.digest),
            "kind": "upload",
            "shop_key": shop_key,
            "use_case": use_case,
            "digest": file.digest,
            "uri": image.uri,
            "url": image.url,
            "width": image.width,
            "height": image.height,
            "note": image.note,
            "uploaded_at": now,
        }
        self._remember(upload, _file(shop_key, address, file, now))

    async def forget_uploads(self, shop_key: str, addresses: Sequence[str]) -> None:
        """Remove the uploads of the files at these addresses, for every use case."""
        await self.finish()
        ids = [_file_id(shop_key, address) for address in addresses]
        digests = [document["digest"] async for document in self._images.find({"_id": {"$in": ids}}, {"digest": True})]
        uploads = [_upload_id(shop_key, use_case, digest) for digest in digests for use_case in USE_CASES]
        await self._images.delete_many({"_id": {"$in": uploads}})

    async def finish(self) -> None:
        """Wait for what is not written yet."""
        await asyncio.gather(*self._writing)

    async def _document(self, wanted: str) -> Document | None:
        return self._unwritten.get(wanted) or await self._reads.run(wanted)

    def _remember(self, *documents: Document) -> None:
        self._unwritten.update({document["_id"]: document for document in documents})
        task = asyncio.create_task(self._store(documents), name="images")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _store(self, documents: Sequence[Document]) -> None:
        try:
            await self._writes.run(documents)
        except PyMongoError as error:
            log.warning("uploads are not remembered, they are sent again", error=error_text(error)[:200])
        finally:
            for document in documents:
                if self._unwritten.get(document["_id"]) is document:
                    del self._unwritten[document["_id"]]

    async def _read(self, ids: Sequence[str]) -> list[Document | None]:
        found = {document["_id"]: document async for document in self._images.find({"_id": {"$in": list(ids)}})}
        return [found.get(wanted) for wanted in ids]

    async def _write(self, written: Sequence[Sequence[Document]]) -> list[None]:
        """Nearly all are new, and inserting takes MongoDB a fifth of what replacing does."""
        newest = {document["_id"]: document for together in written for document in together}
        try:
            await self._images.insert_many([dict(document) for document in newest.values()], ordered=False)
        except BulkWriteError as error:
            known = {one["index"] for one in error.details["writeErrors"] if one["code"] == _DUPLICATE_KEY}
            if len(known) < len(error.details["writeErrors"]):
                raise
            there = [document for place, document in enumerate(newest.values()) if place in known]
            await self._images.bulk_write(
                [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in there], ordered=False
            )
        return [None] * len(written)


def _file(shop_key: str, address: str, file: KnownFile, now: datetime) -> Document:
    return {
        "_id": _file_id(shop_key, address),
        "kind": "file",
        "shop_key": shop_key,
        "address": address,
        "digest": file.digest,
        "etag": file.etag,
        "last_modified": file.last_modified,
        "seen_at": now,
    }


def _file_id(shop_key: str, address: str) -> str:
    return f"{shop_key}/file/{hashlib.sha256(address.encode()).hexdigest()}"


def _upload_id(shop_key: str, use_case: str, digest: str) -> str:
    return f"{shop_key}/{use_case}/{digest}"
