"""From image addresses to uploads at TikTok Shop, each content once per shop and use case."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime

from publisher.description import UploadedImage
from publisher.errors import Refused
from publisher.fetching import Fetcher
from publisher.pictures import UseCase, prepare
from publisher.shop_api import ShopApi
from publisher.store import ImageCache, KnownFile


class Images:
    """Fetches, converts, uploads and remembers."""

    def __init__(self, cache: ImageCache, fetcher: Fetcher, clock: Callable[[], datetime]) -> None:
        self._cache = cache
        self._fetcher = fetcher
        self._clock = clock

    async def uploaded(self, api: ShopApi, address: str, use_case: UseCase) -> UploadedImage:
        """The image at this address as TikTok knows it. The file is asked for again every time, cheaply when unchanged.

        Raises ImageUnreachable, ImageUnusable, or what the upload raises; a refused upload is ImageUnusable's cousin
        Refused with TikTok's code.
        """
        known = await self._cache.file(api.shop_key, address)
        fetched = await self._fetcher.fetch(address, known)
        content = fetched.content
        if content is None and known is not None:
            image = await self._cache.upload(api.shop_key, use_case, known.digest)
            if image is not None:
                return image
            fetched = await self._fetcher.fetch(address, None)
            content = fetched.content
        if content is None:
            raise Refused("image_http_304", f"{address}: the server says 'not modified' to an unconditional request")
        digest = hashlib.sha256(content).hexdigest()
        image = await self._upload_once(api, address, use_case, content, digest)
        file = KnownFile(digest, fetched.etag, fetched.last_modified)
        await self._cache.remember_file(api.shop_key, address, file, self._clock())
        return image

    async def _upload_once(
        self, api: ShopApi, address: str, use_case: UseCase, content: bytes, digest: str
    ) -> UploadedImage:
        image = await self._cache.upload(api.shop_key, use_case, digest)
        if image is None:
            ready = await asyncio.to_thread(prepare, content, use_case, name=address)
            image = await api.upload_image(ready, use_case)
            await self._cache.remember_upload(api.shop_key, use_case, digest, image, self._clock())
        return image
