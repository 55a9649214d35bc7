"""Uploaded images: kept as bytes, addressed by their content."""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from shopsync_sandbox.tiktok.codes import ApiError, Code

USE_CASES = frozenset(
    {
        "MAIN_IMAGE",
        "ATTRIBUTE_IMAGE",
        "DESCRIPTION_IMAGE",
        "CERTIFICATION_IMAGE",
        "SIZE_CHART_IMAGE",
        "CUSTOMIZATION_IMAGE",
    },
)
_FORMATS = frozenset({"JPEG", "PNG", "WEBP", "BMP", "HEIF", "HEIC", "MPO"})
_SQUARED = frozenset({"MAIN_IMAGE", "ATTRIBUTE_IMAGE"})
MAX_BYTES = 10 * 1024 * 1024
BUCKET = "tos-sim-jp"


@dataclass(frozen=True, slots=True)
class Image:
    """An upload as it is served."""

    uri: str
    content: bytes
    media_type: str
    width: int
    height: int


class ImageStore:
    """The same bytes give the same `uri`; a picture far from square becomes a padded square of its own `uri`."""

    def __init__(self) -> None:
        self._images: dict[str, Image] = {}
        self.urls: set[str] = set()

    def __len__(self) -> int:
        return len(self._images)

    def get(self, uri: str) -> Image | None:
        return self._images.get(uri)

    def add(self, content: bytes, use_case: str, rules: str) -> Image:
        """Check and keep an upload. Raises ApiError with a 12038xxx code when the picture is refused."""
        if not content or len(content) > MAX_BYTES:
            message = "file size must be above 0 and at most 10 MB"
            raise ApiError(Code.FILE_SIZE if content else Code.FILE_BAD, message)
        kind, width, height = _read(content)
        _check_size(width, height, use_case, documented=rules == "documented")
        if use_case in _SQUARED and not 3 * height <= 4 * width <= 16 * height / 3:
            content, kind, width, height = _square(content)
        uri = f"{BUCKET}/{hashlib.md5(content, usedforsecurity=False).hexdigest()}"
        media_type = Pillow.MIME.get(kind, "application/octet-stream")
        return self._images.setdefault(uri, Image(uri, content, media_type, width, height))


def url_path(uri: str) -> str:
    """The path an image is served under; description images use the address made of it."""
    return f"/image/{uri}~tplv-origin.image"


def uri_of(path: str) -> str:
    """The inverse of `url_path`."""
    return path.removeprefix("/image/").partition("~")[0]


def _read(content: bytes) -> tuple[str, int, int]:
    try:
        with Pillow.open(io.BytesIO(content)) as picture:
            kind, (width, height) = picture.format or "", picture.size
            picture.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
        raise ApiError(Code.FILE_BAD, f"the file is not a readable image: {error}") from error
    if kind not in _FORMATS:
        raise ApiError(Code.FILE_FORMAT, f"format {kind} is not one of JPG, PNG, WEBP, HEIC, BMP")
    return kind, width, height


def _check_size(width: int, height: int, use_case: str, *, documented: bool) -> None:
    low, high = 100, 20_000
    if documented and use_case == "MAIN_IMAGE":
        low, high = 300, 4_000
    if not (low <= width <= high and low <= height <= high):
        message = f"{use_case} must be {low}x{low} to {high}x{high} px, this is {width}x{height}"
        raise ApiError(Code.FILE_DIMENSIONS, message)
    if documented and use_case == "SIZE_CHART_IMAGE" and min(width, height) < 1024:
        raise ApiError(
            Code.FILE_DIMENSIONS, f"SIZE_CHART_IMAGE needs a short side of 1024 px, this is {width}x{height}"
        )


def _square(content: bytes) -> tuple[bytes, str, int, int]:
    with Pillow.open(io.BytesIO(content)) as picture:
        side = max(picture.size)
        canvas = Pillow.new("RGB", (side, side), "white")
        canvas.paste(picture.convert("RGB"), ((side - picture.width) // 2, (side - picture.height) // 2))
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=90)
    return out.getvalue(), "JPEG", side, side
