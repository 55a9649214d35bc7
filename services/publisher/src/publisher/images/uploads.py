"""Uploads the images at merchants' addresses to TikTok Shop, each content once per shop and use case."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from weakref import WeakValueDictionary

from publisher.concurrency.single_flight import SingleFlight
from publisher.errors import ImageUnusable, Refused
from publisher.images.conversion_cache import ConversionCache
from publisher.images.fetching import Fetcher
from publisher.images.memory_budget import MemoryBudget
from publisher.model import UploadedImage, UseCase
from publisher.store import ImageCache, KnownFile
from publisher.tiktok.shop_api import ShopApi

_FILES_PER_SHOP = 10
"""Files of one shop in progress, from the first byte to the end of the upload: a slow shop leaves memory to others."""
_MEMORY_BUDGET = 256 * 1024 * 1024
"""Bytes of all files in memory at once. Chosen: 256 MiB are 25 files of the largest size."""


class ImageUploads:
    """Fetches, converts, uploads and remembers images. Work that several ask for at the same time is done once."""

    def __init__(self, cache: ImageCache, fetcher: Fetcher, clock: Callable[[], datetime]) -> None:
        self._cache = cache
        self._fetcher = fetcher
        self._clock = clock
        self._conversions = ConversionCache()
        self._by_address: SingleFlight[UploadedImage] = SingleFlight()
        self._by_content: SingleFlight[UploadedImage] = SingleFlight()
        self._budget = MemoryBudget(_MEMORY_BUDGET)
        self._file_slots: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def uploaded(self, api: ShopApi, address: str, use_case: UseCase) -> UploadedImage:
        """The upload of the image at this address. The image server is asked every time, whether the file has changed.

        Raises ImageUnreachable, ImageUnusable (also when TikTok refuses the file, with its code), or what the upload
        raises.
        """
        key = (api.shop_key, address, use_case)
        return await self._by_address.run(key, lambda: self._at_address(api, address, use_case))

    async def forget(self, shop_key: str, addresses: Sequence[str]) -> None:
        """TikTok no longer knows the uploads of these addresses: upload them again next time."""
        await self._cache.forget_uploads(shop_key, addresses)

    async def _at_address(self, api: ShopApi, address: str, use_case: UseCase) -> UploadedImage:
        known = await self._cache.file(api.shop_key, address)
        file_slot = self._file_slots.setdefault(api.shop_key, asyncio.Semaphore(_FILES_PER_SHOP))
        async with file_slot, self._budget.share() as share:
            fetched = await self._fetcher.fetch(address, known, share.acquire)
            if fetched.content is None and known is not None:
                image = await self._cache.upload(api.shop_key, use_case, known.digest)
                if image is not None:
                    return image
                fetched = await self._fetcher.fetch(address, None, share.acquire)
            content = fetched.content
            if content is None:
                raise ImageUnusable("image_http_304", f"{address}: the server says 'not modified' without being asked")
            share.shrink_to(len(content))
            file = KnownFile(hashlib.sha256(content).hexdigest(), fetched.etag, fetched.last_modified)
            image, is_remembered = await self._upload_once(api, address, use_case, content, file)
        if not is_remembered and file != known:
            self._cache.remember_file(api.shop_key, address, file, self._clock())
        return image

    async def _upload_once(
        self, api: ShopApi, address: str, use_case: UseCase, content: bytes, file: KnownFile
    ) -> tuple[UploadedImage, bool]:
        """The upload, and whether the file of this address was stored together with it."""
        is_remembered = False

        async def upload() -> UploadedImage:
            nonlocal is_remembered
            image = await self._cache.upload(api.shop_key, use_case, file.digest)
            if image is None:
                ready = await self._conversions.prepared(content, file.digest, use_case)
                image = replace(await api.upload_image(ready.content, use_case), note=ready.note)
                self._cache.remember_upload(
                    api.shop_key, use_case, image, address=address, file=file, now=self._clock()
                )
                is_remembered = True
            return image

        try:
            image = await self._by_content.run((api.shop_key, use_case, file.digest), upload)
        except (Refused, ImageUnusable) as error:
            # Others may wait for the same content under another address.
            raise ImageUnusable(error.code, f"{address}: {error.message}") from error
        return image, is_remembered
