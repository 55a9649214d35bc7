import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from publisher.description import UploadedImage
from publisher.pictures import UseCase
from shopsync_runtime.mongo import Database

USE_CASES = get_args(UseCase)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What an image address held last time, and the validators to ask whether it still does."""

    digest: str
    etag: str | None
    last_modified: str | None


class ImageCache:
    """`images`: uploads by shop, use case and content digest, and the digest each address held last.

    TikTok's `uri` belongs to the shop it was uploaded for, so nothing is shared between shops (NV-13).
    """

    def __init__(self, database: Database) -> None:
        self._images = database["images"]

    async def file(self, shop_key: str, address: str) -> KnownFile | None:
        """What is known of an address."""
        document = await self._images.find_one({"_id": _file_id(shop_key, address)})
        if document is None:
            return None
        return KnownFile(document["digest"], document.get("etag"), document.get("last_modified"))

    async def remember_file(self, shop_key: str, address: str, file: KnownFile, now: datetime) -> None:
        """The address holds this content now."""
        fields = {
            "kind": "file", "shop_key": shop_key, "address": address, "digest": file.digest, "etag": file.etag,
            "last_modified": file.last_modified, "seen_at": now,
        }  # fmt: skip
        await self._images.update_one({"_id": _file_id(shop_key, address)}, {"$set": fields}, upsert=True)

    async def upload(self, shop_key: str, use_case: str, digest: str) -> UploadedImage | None:
        """The upload of this content for this use, if there was one."""
        document = await self._images.find_one({"_id": _upload_id(shop_key, use_case, digest)})
        if document is None:
            return None
        return UploadedImage(document["uri"], document["url"], document["width"], document["height"])

    async def remember_upload(
        self, shop_key: str, use_case: str, digest: str, image: UploadedImage, now: datetime
    ) -> None:
        """The content is uploaded."""
        fields = {
            "kind": "upload", "shop_key": shop_key, "use_case": use_case, "digest": digest, "uri": image.uri,
            "url": image.url, "width": image.width, "height": image.height, "uploaded_at": now,
        }  # fmt: skip
        await self._images.update_one({"_id": _upload_id(shop_key, use_case, digest)}, {"$set": fields}, upsert=True)

    async def forget_uploads(self, shop_key: str, addresses: Sequence[str]) -> None:
        """What these addresses hold counts as not uploaded, for any use."""
        ids = [_file_id(shop_key, address) for address in addresses]
        digests = [document["digest"] async for document in self._images.find({"_id": {"$in": ids}}, {"digest": True})]
        uploads = [_upload_id(shop_key, use_case, digest) for digest in digests for use_case in USE_CASES]
        await self._images.delete_many({"_id": {"$in": uploads}})


def _file_id(shop_key: str, address: str) -> str:
    return f"{shop_key}/file/{hashlib.sha256(address.encode()).hexdigest()}"


def _upload_id(shop_key: str, use_case: str, digest: str) -> str:
    return f"{shop_key}/{use_case}/{digest}"
