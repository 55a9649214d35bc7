"""Uploaded images, addressed by their content."""

import hashlib
import io
import re
import struct
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code

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
_FORMATS = frozenset({"JPEG", "PNG", "WEBP", "BMP", "MPO"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
_SQUARED = frozenset({"MAIN_IMAGE", "ATTRIBUTE_IMAGE"})
MAX_BYTES = 10 * 1024 * 1024
BUCKET = "tos-sim-jp"


@dataclass(frozen=True, slots=True)
class Picture:
    """Format and size, from a file's header."""

    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Image:
    """A stored upload."""

    uri: str
    content: bytes
    media_type: str
    width: int
    height: int


class ImageStore:
    """The same bytes have the same `uri`. A picture far from square becomes a padded square with its own `uri`.

    A file that is uploaded again is not decoded again.
    """

    def __init__(self) -> None:
        self._images: dict[str, Image] = {}
        self._read: dict[str, Picture] = {}
        self._squares: dict[str, Image] = {}
        self.urls: set[str] = set()

    def __len__(self) -> int:
        return len(self._images)

    def get(self, uri: str) -> Image | None:
        return self._images.get(uri)

    def add(self, content: bytes, use_case: str, rules: str) -> Image:
        """Check and store an upload. Raises ApiError with a 12038xxx code when the picture is refused."""
        if not content or len(content) > MAX_BYTES:
            message = "file size must be above 0 and at most 10 MB"
            raise ApiError(Code.FILE_SIZE if content else Code.FILE_BAD, message)
        digest = _digest(content)
        picture = self._read.get(digest)
        if picture is None:
            picture = self._read[digest] = read_picture(content)
        _check_size(picture.width, picture.height, use_case, documented=rules == "documented")
        if use_case in _SQUARED and not 3 * picture.height <= 4 * picture.width <= 16 * picture.height / 3:
            return self._squared(digest, content, picture)
        return self._keep(digest, content, picture)

    def replace(self, content: bytes) -> Image:
        """Store a picture that the service made itself, without checks."""
        return self._keep(_digest(content), content, read_picture(content))

    def _keep(self, digest: str, content: bytes, picture: Picture) -> Image:
        uri = f"{BUCKET}/{digest}"
        return self._images.setdefault(uri, Image(uri, content, picture.media_type, picture.width, picture.height))

    def _squared(self, digest: str, content: bytes, picture: Picture) -> Image:
        known = self._squares.get(digest)
        if known is None:
            made, side = _square(content), max(picture.width, picture.height)
            # a HEIC picture cannot be decoded here: it keeps its bytes and only claims to be square
            shape = Picture(picture.media_type if made is None else "image/jpeg", side, side)
            known = self._squares[digest] = self._keep(_digest(made or digest.encode()), made or content, shape)
        return known


def url_path(uri: str) -> str:
    """The path of an image. Descriptions use the address made of it."""
    return f"/image/{uri}~tplv-origin.image"


def uri_of(path: str) -> str:
    """The inverse of `url_path`."""
    return path.removeprefix("/image/").partition("~")[0]


def _digest(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def read_picture(content: bytes) -> Picture:
    """Read the header. Raises ApiError 12038002 or 12038004 for a file that TikTok does not accept."""
    heic = _heic_size(content)
    if heic is not None:
        return Picture("image/heic", *heic)
    try:
        with Pillow.open(io.BytesIO(content)) as picture:
            kind, (width, height) = picture.format or "", picture.size
            picture.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
        raise ApiError(Code.FILE_BAD, f"the file is not a readable image: {error}") from error
    if kind not in _FORMATS:
        raise ApiError(Code.FILE_FORMAT, f"format {kind} is not one of JPG, PNG, WEBP, HEIC, BMP")
    return Picture(Pillow.MIME.get(kind, "application/octet-stream"), width, height)


def _heic_size(content: bytes) -> tuple[int, int] | None:
    """Width and height from the container's largest `ispe` box; None when it is no HEIC file."""
    if content[4:8] != b"ftyp" or content[8:12] not in _HEIC_BRANDS:
        return None
    sizes = [struct.unpack_from(">II", content, at.end() + 4) for at in re.finditer(b"ispe", content[:-12])]
    if not sizes:
        raise ApiError(Code.FILE_BAD, "the file is not a readable image: HEIC without a size")
    return max(sizes)


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


def _square(content: bytes) -> bytes | None:
    """A JPEG with the picture in the centre of a white square; None for a HEIC picture."""
    if content[4:8] == b"ftyp":
        return None
    with Pillow.open(io.BytesIO(content)) as picture:
        side = max(picture.size)
        canvas = Pillow.new("RGB", (side, side), "white")
        canvas.paste(picture.convert("RGB"), ((side - picture.width) // 2, (side - picture.height) // 2))
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=90)
    return out.getvalue()
