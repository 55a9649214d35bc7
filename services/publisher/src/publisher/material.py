"""What a product body needs beside the product: its images uploaded, its description reduced."""

from publisher.description import MAX_DESCRIPTION, MAX_IMAGES, UploadedImage, image_sources, reduce_description
from publisher.errors import ImageUnreachable, ImageUnusable, Refused
from publisher.images import Images
from publisher.mapping import MAX_MAIN_IMAGES, Material, mapping_notes
from publisher.shop_api import ShopApi
from publisher.text import clean_line
from shopsync_contracts.events import ProductSnapshot


async def gather_material(product: ProductSnapshot, api: ShopApi, images: Images) -> Material:
    """Upload everything the product shows.

    A main image or size chart that cannot be had fails the push (ImageUnusable, ImageUnreachable): the merchant would
    be listed with other pictures than they set. An image inside the description is left out with a note instead.
    """
    main = [
        (await images.uploaded(api, address, "MAIN_IMAGE")).uri for address in product.content.images[:MAX_MAIN_IMAGES]
    ]
    description, notes = await _description(product, api, images)
    chart = product.content.size_chart_image
    chart_uri = (await images.uploaded(api, chart, "SIZE_CHART_IMAGE")).uri if chart else None
    return Material(tuple(dict.fromkeys(main)), description, chart_uri, (*mapping_notes(product), *notes))


async def _description(product: ProductSnapshot, api: ShopApi, images: Images) -> tuple[str, list[str]]:
    html = product.content.description
    sources = image_sources(html)
    notes = []
    if len(sources) > MAX_IMAGES:
        notes.append(f"description: the first {MAX_IMAGES} of {len(sources)} images were sent")
    uploaded: dict[str, UploadedImage] = {}
    for source in sources[:MAX_IMAGES]:
        try:
            uploaded[source] = await images.uploaded(api, source, "DESCRIPTION_IMAGE")
        except (ImageUnreachable, ImageUnusable, Refused) as error:
            notes.append(f"description: an image was left out, {error.message}")
    reduced = reduce_description(html, uploaded) or f"<p>{clean_line(product.content.name)}</p>"
    if len(reduced) > MAX_DESCRIPTION:
        notes.append("description: its images were left out, it would have been too long with them")
        reduced = reduce_description(html, {})
    return reduced, notes
