"""Gathers what a product body needs beside the product: category requirements, uploads, the reduced description."""

import asyncio
from collections.abc import Sequence

from publisher.content.categories import Categories
from publisher.content.checks import in_words
from publisher.content.description import (
    MAX_IMAGES,
    fitting_description,
    image_sources,
    read_description,
    shows_something,
)
from publisher.content.image_sources import image_address
from publisher.content.mapping import MAX_MAIN_IMAGES, Material, main_images, mapping_notes
from publisher.content.requirements import Requirements, category_problems, foreign_attributes
from publisher.content.text import clean_line
from publisher.errors import ContentRefused, ImageUnreachable, ImageUnusable
from publisher.images.uploads import ImageUploads
from publisher.model import UploadedImage, UseCase
from publisher.tiktok.shop_api import ShopApi
from shopsync_contracts.events import ProductSnapshot


class MaterialGatherer:
    """Asks TikTok and the image servers for what a body needs."""

    def __init__(self, images: ImageUploads, categories: Categories) -> None:
        self._images = images
        self._categories = categories

    async def gather(self, product: ProductSnapshot, api: ShopApi, category_version: str) -> Material:
        """Check the product against its category (ED-8), then upload all of its images.

        Raises ContentRefused with the fields at fault, and Refused for a category that TikTok does not accept. Raises
        ImageUnusable and ImageUnreachable for a main image or size chart: the product is not listed with other images
        than the merchant set. An image in the description is left out with a note instead.
        """
        category = await self._categories.requirements(api, product.content.category_id or "", category_version)
        found = category_problems(product, category)
        if found:
            raise ContentRefused(in_words(found), tuple(dict.fromkeys(problem.field for problem in found)))
        uris, main_notes = await self._main_images(product, api)
        description, notes = await self._description(product, api)
        chart, chart_notes = await self._size_chart(product, api, category)
        left_out = foreign_attributes(product, category)
        attribute_notes = [f"attributes.{one}: left out, the category has no such attribute" for one in left_out]
        notes = [*mapping_notes(product), *attribute_notes, *main_notes, *notes, *chart_notes]
        return Material(uris, description, chart, tuple(notes), frozenset(left_out))

    async def forget_images(self, product: ProductSnapshot) -> None:
        """TikTok no longer knows an upload of this product: upload all of its images again next time."""
        content = product.content
        chart = image_address(content.size_chart_image or "")
        addresses = [*main_images(product), *image_sources(content.description), chart]
        await self._images.forget(product.shop_key, [address for address in addresses if address])

    async def _main_images(self, product: ProductSnapshot, api: ShopApi) -> tuple[tuple[str, ...], list[str]]:
        """The uploads in order, without repeats. Raises the error of the first that failed."""
        addresses = main_images(product)[:MAX_MAIN_IMAGES]
        uris: dict[str, None] = {}
        notes = []
        for address, image in zip(addresses, await self._uploaded(api, addresses, "MAIN_IMAGE"), strict=True):
            if isinstance(image, BaseException):
                raise image
            uris[image.uri] = None
            if image.note:
                notes.append(f"images: {address}: {image.note}")
        return tuple(uris), notes

    async def _description(self, product: ProductSnapshot, api: ShopApi) -> tuple[str, list[str]]:
        html = product.content.description
        sources = image_sources(html)
        notes = [f"description: {note}" for note in read_description(html).notes]
        if len(sources) > MAX_IMAGES:
            notes.append(f"description: the first {MAX_IMAGES} of {len(sources)} images were sent")
        sources = sources[:MAX_IMAGES]
        uploaded: dict[str, UploadedImage] = {}
        for source, image in zip(sources, await self._uploaded(api, sources, "DESCRIPTION_IMAGE"), strict=True):
            if isinstance(image, UploadedImage):
                uploaded[source] = image
                if image.note:
                    notes.append(f"description: {source}: {image.note}")
            elif isinstance(image, ImageUnreachable | ImageUnusable):
                notes.append(f"description: an image was left out, {image.message}")
            else:
                raise image
        reduced, count = fitting_description(html, uploaded)
        if count < len(uploaded):
            notes.append(
                f"description: {len(uploaded) - count} images were left out, it would have been too long with them"
            )
        if not shows_something(reduced):
            notes.append("description: nothing of it could be sent, the name stands in its place")
            reduced = f"<p>{clean_line(product.content.name)}</p>"
        return reduced, notes

    async def _size_chart(
        self, product: ProductSnapshot, api: ShopApi, category: Requirements
    ) -> tuple[str | None, list[str]]:
        address = image_address(product.content.size_chart_image or "")
        if not address:
            return None, []
        if not category.size_chart_supported:
            return None, ["size_chart_image: left out, the category takes no size chart"]
        try:
            chart = await self._images.uploaded(api, address, "SIZE_CHART_IMAGE")
        except ImageUnusable as error:
            error.field = "size_chart_image"
            raise
        return chart.uri, [f"size_chart_image: {address}: {chart.note}"] if chart.note else []

    async def _uploaded(
        self, api: ShopApi, addresses: Sequence[str], use_case: UseCase
    ) -> list[UploadedImage | BaseException]:
        """All at the same time, as each is a call to an image server and perhaps one to TikTok; results in order."""
        work = [self._images.uploaded(api, address, use_case) for address in addresses]
        return await asyncio.gather(*work, return_exceptions=True)
