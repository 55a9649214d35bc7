"""From image addresses to uploads at TikTok Shop, each content once per shop and use case."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from weakref import WeakValueDictionary

from publisher.description import UploadedImage
from publisher.errors import ImageUnusable, Refused
from publisher.fetching import Fetched, Fetcher
from publisher.flights import Flights
from publisher.pictures import UseCase
from publisher.ready import ReadyPictures
from publisher.shop_api import ShopApi
from publisher.store import ImageCache, KnownFile

_FETCHES_PER_SHOP = 4
"""At once, so that a shop with a slow image server cannot fill the memory with half-read files."""


class Images:
    """Fetches, converts, uploads and remembers. The same work asked for at once is done once."""

    def __init__(self, cache: ImageCache, fetcher: Fetcher, clock: Callable[[], datetime]) -> None:
        self._cache = cache
        self._fetcher = fetcher
        self._clock = clock
        self._ready = ReadyPictures()
        self._at_addresses: Flights[UploadedImage] = Flights()
        self._uploads: Flights[UploadedImage] = Flights()
        self._doors: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def uploaded(self, api: ShopApi, address: str, use_case: UseCase) -> UploadedImage:
        """The image at this address as TikTok knows it. The file is asked for again every time, cheaply when unchanged.

        Raises ImageUnreachable, ImageUnusable (also when TikTok refuses the file, with its code), or what the upload
        raises.
        """
        key = (api.shop_key, address, use_case)
        return await self._at_addresses.run(key, lambda: self._at_address(api, address, use_case))

    async def forget(self, shop_key: str, addresses: Sequence[str]) -> None:
        """TikTok has lost what these addresses hold: upload it anew next time."""
        await self._cache.forget_uploads(shop_key, addresses)

    async def _at_address(self, api: ShopApi, address: str, use_case: UseCase) -> UploadedImage:
        known = await self._cache.file(api.shop_key, address)
        fetched = await self._fetch(api.shop_key, address, known)
        content = fetched.content
        if content is None and known is not None:
            image = await self._cache.upload(api.shop_key, use_case, known.digest)
            if image is not None:
                return image
            fetched = await self._fetch(api.shop_key, address, None)
            content = fetched.content
        if content is None:
            raise ImageUnusable("image_http_304", f"{address}: the server says 'not modified' without being asked")
        digest = hashlib.sha256(content).hexdigest()
        image = await self._upload_once(api, address, use_case, content, digest)
        file = KnownFile(digest, fetched.etag, fetched.last_modified)
        await self._cache.remember_file(api.shop_key, address, file, self._clock())
        return image

    async def _fetch(self, shop_key: str, address: str, known: KnownFile | None) -> Fetched:
        async with self._doors.setdefault(shop_key, asyncio.Semaphore(_FETCHES_PER_SHOP)):
            return await self._fetcher.fetch(address, known)

    async def _upload_once(
        self, api: ShopApi, address: str, use_case: UseCase, content: bytes, digest: str
    ) -> UploadedImage:
        async def upload() -> UploadedImage:
            image = await self._cache.upload(api.shop_key, use_case, digest)
            if image is None:
                ready = await self._ready.prepared(content, digest, use_case)
                image = await api.upload_image(ready, use_case)
                await self._cache.remember_upload(api.shop_key, use_case, digest, image, self._clock())
            return image

        try:
            return await self._uploads.run((api.shop_key, use_case, digest), upload)
        except (Refused, ImageUnusable) as error:
            # Whoever waited for the same content has it at another address.
            raise ImageUnusable(error.code, f"{address}: {error.message}") from error
