import re
from html.parser import HTMLParser

from shopsync_sandbox.tiktok.bodies import ImageRef
from shopsync_sandbox.tiktok.checks.context import Context
from shopsync_sandbox.tiktok.codes import ApiError, Code
from shopsync_sandbox.tiktok.images import ImageStore

MAIN_IMAGES_MAX = 9
DESCRIPTION_IMAGES_MAX = 30
_URI = re.compile(r"[\w.-]+(/[\w.-]+)+")


class _Sources(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append(dict(attrs).get("src") or "")


def image_sources(html: str) -> list[str]:
    """The `src` of every <img>, in order; empty where it is missing."""
    parser = _Sources()
    parser.feed(html)
    parser.close()
    return parser.found


def check_description_images(description: str, images: ImageStore) -> None:
    """At most 30, all uploaded before."""
    sources = image_sources(description)
    if len(sources) > DESCRIPTION_IMAGES_MAX:
        raise ApiError(Code.DESCRIPTION_IMAGES, f"description has {len(sources)} images, at most 30 are allowed")
    foreign = next((source for source in sources if source not in images.urls), None)
    if foreign is not None:
        message = f"description image {foreign!r} was not uploaded to TikTok Shop"
        raise ApiError(Code.DESCRIPTION_FOREIGN_IMAGE, message)


def check_main_images(refs: list[ImageRef] | None, context: Context) -> None:
    """1 to 9 known pictures of the right size."""
    if not refs:
        raise ApiError(Code.IMAGES_MISSING, "main_images is missing")
    if len(refs) > MAIN_IMAGES_MAX:
        raise ApiError(Code.IMAGES_TOO_MANY, f"main_images has {len(refs)} images, at most 9 are allowed")
    for ref in refs:
        _check_uri(ref.uri, context, Code.IMAGE_URI_ILLEGAL)


def check_variant_image(ref: ImageRef, context: Context) -> None:
    """A variation's picture must be a known upload."""
    _check_uri(ref.uri, context, Code.VARIANT_IMAGE_URI)


def _check_uri(uri: str | None, context: Context, illegal: Code) -> None:
    if not uri or not _URI.fullmatch(uri):
        raise ApiError(illegal, f"image uri {uri!r} is illegal: use the uri an upload gave")
    image = context.images.get(uri)
    if image is None:
        raise ApiError(Code.IMAGE_URI_UNKNOWN, f"image uri {uri!r} does not exist")
    if context.settings.image_rules == "documented" and illegal is Code.IMAGE_URI_ILLEGAL:
        if min(image.width, image.height) < 300:
            raise ApiError(Code.IMAGE_TOO_SMALL, f"main image {uri!r} is smaller than 300x300")
        if max(image.width, image.height) > 4000:
            raise ApiError(Code.IMAGE_TOO_BIG, f"main image {uri!r} is bigger than 4000x4000")
