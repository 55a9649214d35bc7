import re
from dataclasses import dataclass

from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.protocol.bodies import ImageRef
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.state.images import Image

MAIN_IMAGES_MAX = 9
SUPPLEMENTARY_MAX = 8
_URI = re.compile(r"[\w.-]+(/[\w.-]+)+")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A use of pictures: its name and the codes of its faults."""

    name: str
    illegal: Code
    too_big: Code
    format: Code
    ratio: Code | None
    least: int = 0
    most: int = 20_000


_MAIN = _Kind("main image", Code.IMAGE_URI_ILLEGAL, Code.IMAGE_TOO_BIG, Code.IMAGE_FORMAT, Code.IMAGE_RATIO, 300, 4_000)
_VARIANT = _Kind(
    "variant image",
    Code.VARIANT_IMAGE_URI,
    Code.VARIANT_IMAGE_TOO_BIG,
    Code.VARIANT_IMAGE_FORMAT,
    Code.VARIANT_IMAGE_RATIO,
)
_CHART = _Kind("size chart", Code.SIZE_CHART_IMAGE, Code.SIZE_CHART_TOO_BIG, Code.SIZE_CHART_IMAGE, None)


def check_main_images(refs: list[ImageRef] | None, context: Context) -> None:
    """Check that there are 1 to 9 uploaded pictures of the right size."""
    if not refs:
        raise ApiError(Code.IMAGES_MISSING, "main_images is missing")
    if len(refs) > MAIN_IMAGES_MAX:
        raise ApiError(Code.IMAGES_TOO_MANY, f"main_images has {len(refs)} images, at most 9 are allowed")
    for ref in refs:
        _check(ref.uri, _MAIN, context)


def check_variant_image(ref: ImageRef, more: list[ImageRef] | None, context: Context) -> None:
    """Check that a variation's picture and the supplementary ones are uploads."""
    _check(ref.uri, _VARIANT, context)
    for supplement in more or []:
        _check(supplement.uri, _VARIANT, context)


def check_size_chart_image(ref: ImageRef, context: Context) -> None:
    """Check that it is an upload that is not too big."""
    if ref.uri and context.images.get(ref.uri) is None:
        raise ApiError(Code.SIZE_CHART_IMAGE, f"size chart image uri {ref.uri!r} is invalid: upload it first")
    _check(ref.uri, _CHART, context)


def is_uploaded(uri: str | None, context: Context) -> bool:
    """Whether this uri is an upload's."""
    return bool(uri) and context.images.get(uri or "") is not None


def _check(uri: str | None, kind: _Kind, context: Context) -> None:
    if not uri or not _URI.fullmatch(uri):
        raise ApiError(kind.illegal, f"{kind.name} uri {uri!r} is illegal: use the uri an upload gave")
    image = context.images.get(uri)
    if image is None:
        raise ApiError(Code.IMAGE_URI_UNKNOWN, f"image uri {uri!r} does not exist in TikTok Shop")
    settings = context.settings
    if len(image.content) > settings.max_image_bytes:
        raise ApiError(kind.too_big, f"{kind.name} {uri!r} is bigger than {settings.max_image_bytes} bytes")
    if settings.image_formats and image.media_type not in settings.image_formats:
        raise ApiError(kind.format, f"{kind.name} {uri!r} has the format {image.media_type}, which is not supported")
    if settings.image_rules == "documented":
        _check_size(image, kind)


def _check_size(image: Image, kind: _Kind) -> None:
    low, high = sorted((image.width, image.height))
    if low < kind.least:
        raise ApiError(Code.IMAGE_TOO_SMALL, f"{kind.name} {image.uri!r} is smaller than {kind.least}x{kind.least}")
    if high > kind.most:
        raise ApiError(kind.too_big, f"{kind.name} {image.uri!r} is bigger than {kind.most}x{kind.most}")
    if kind.ratio is not None and 3 * high > 4 * low:
        raise ApiError(kind.ratio, f"{kind.name} {image.uri!r} is not between 3:4 and 4:3")
