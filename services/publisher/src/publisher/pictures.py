"""Bringing image files into a form that TikTok Shop takes for a use case. CPU-bound: call it in a thread."""

import io
import warnings
from typing import Literal

from PIL import Image, ImageOps, UnidentifiedImageError

from publisher.errors import ImageUnusable

UseCase = Literal["MAIN_IMAGE", "DESCRIPTION_IMAGE", "SIZE_CHART_IMAGE"]

_LONGEST = 4_000
_SHORTEST = {"MAIN_IMAGE": 300, "DESCRIPTION_IMAGE": 100, "SIZE_CHART_IMAGE": 1_024}
_MAX_PIXELS = 64_000_000
"""Decoded size limit: a small file may unpack to gigabytes."""
_AS_THEY_ARE = frozenset({"JPEG", "PNG"})
_MAX_UPLOAD = 10 * 1024 * 1024


def prepare(content: bytes, use_case: UseCase, *, name: str) -> bytes:
    """The bytes to upload: JPEG and PNG of a fitting size untouched, anything else as JPEG, shrunk where needed.

    Raises ImageUnusable, naming the image as `name`, when it cannot be read or is too small.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as picture:
                return _fit(picture, content, use_case, name)
    except (UnidentifiedImageError, Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ImageUnusable("image_format", f"{name}: is no image that can be read ({type(error).__name__})") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ImageUnusable("image_broken", f"{name}: the image file is damaged ({error})") from None


def _fit(picture: Image.Image, content: bytes, use_case: UseCase, name: str) -> bytes:
    width, height = picture.size
    if width * height > _MAX_PIXELS:
        raise ImageUnusable("image_pixels", f"{name}: {width}x{height} px is too large")
    shortest = _SHORTEST[use_case]
    scale = min(1.0, _LONGEST / max(width, height))
    if min(width, height) * scale < shortest:
        raise ImageUnusable("image_small", f"{name}: {width}x{height} px, TikTok needs {shortest} px on the short side")
    if picture.format in _AS_THEY_ARE and scale == 1.0 and len(content) <= _MAX_UPLOAD:
        picture.load()
        return content
    return _as_jpeg(picture, scale)


def _as_jpeg(picture: Image.Image, scale: float) -> bytes:
    upright = ImageOps.exif_transpose(picture)
    if scale < 1.0:
        upright = upright.resize((round(upright.width * scale), round(upright.height * scale)))
    layered = upright.convert("RGBA")
    canvas = Image.new("RGB", layered.size, "white")
    canvas.paste(layered, mask=layered.getchannel("A"))
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=90)
    return out.getvalue()
