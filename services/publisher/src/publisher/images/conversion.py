"""Converts image files to what TikTok Shop accepts for a use case. CPU-bound: call it in a thread."""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from publisher.errors import ImageUnusable
from publisher.images.truncated_jpeg import completed
from publisher.model import UseCase

_LONGEST = {"MAIN_IMAGE": 4_000, "DESCRIPTION_IMAGE": 3_999, "SIZE_CHART_IMAGE": 4_000}
_SHORTEST = {"MAIN_IMAGE": 300, "DESCRIPTION_IMAGE": 100, "SIZE_CHART_IMAGE": 1_024}
_MAX_PIXELS = 50_000_000
"""Limit of the decoded size: a small file may unpack to gigabytes. Chosen: 50 million are about 200 MB."""
_AS_THEY_ARE = frozenset({("JPEG", "RGB"), ("JPEG", "L"), ("PNG", "RGB"), ("PNG", "L"), ("PNG", "P")})
_MODE_OF_PROFILE = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L", "Lab": "LAB"}
_MAX_UPLOAD = 10 * 1024 * 1024
_QUALITIES = (90, 80, 65, 50)
_ORIENTATION = 0x0112
_UPRIGHT = 1
_JPEG = b"\xff\xd8"
_PNG_END = b"IEND\xaeB`\x82"
_BETTER = "save it as JPEG or PNG"
_SIXTEEN_BITS = frozenset({"PPM", "PNG"})
"""Formats whose mode I has values of 0 to 65,535; in other formats the range is not known."""
_HEIC = (b"ftypheic", b"ftypheix", b"ftypheif", b"ftypmif1", b"ftypmsf1", b"ftyphevc")

Image.MAX_IMAGE_PIXELS = _MAX_PIXELS
# Once for the process: `catch_warnings` is not safe in threads.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The bytes to upload, and a note about the file for the merchant: "" for nearly all."""

    content: bytes
    note: str = ""


def prepare(content: bytes, use_case: UseCase) -> Prepared:
    """What to upload: plain, upright JPEG and PNG of a fitting size as they are (the same object), others as JPEG.

    Transparency becomes white, colours become sRGB, an animation its first picture. A JPEG whose end is missing is
    completed, with a note. Raises ImageUnusable when the file cannot be read or is too small.
    """
    try:
        return _prepared(content, use_case)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ImageUnusable("image_pixels", f"has more than {_MAX_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise ImageUnusable("image_format", _unreadable(content)) from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        raise ImageUnusable("image_broken", f"the image file is damaged ({error})") from None


def _prepared(content: bytes, use_case: UseCase) -> Prepared:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return Prepared(_fit(picture, content, use_case))
    except OSError:
        whole = completed(content) if content.startswith(_JPEG) else None
        if whole is None:
            raise
    with Image.open(io.BytesIO(whole)) as picture:
        return Prepared(_fit(picture, whole, use_case), "the file ends too early and was completed: save it again")


def _unreadable(content: bytes) -> str:
    start = content[:512].lstrip().lower()
    if any(mark in content[4:12] for mark in _HEIC):
        return "is a HEIC photograph, which cannot be read here: save it as JPEG"
    if start.startswith((b"<svg", b"<?xml")):
        return "is a drawing (SVG), not a photograph: save it as JPEG or PNG"
    if start.startswith((b"<!doctype", b"<html")):
        return "is a web page, no image"
    return "is no image that can be read: use JPEG or PNG" if content else "is empty"


def _fit(picture: Image.Image, content: bytes, use_case: UseCase) -> bytes:
    width, height = picture.size
    if width * height > _MAX_PIXELS:
        raise ImageUnusable("image_pixels", f"{width}x{height} px is more than {_MAX_PIXELS:,} pixels")
    if picture.mode == "F" or (picture.mode == "I" and picture.format not in _SIXTEEN_BITS):
        raise ImageUnusable("image_depth", f"{width}x{height} px of 32 bits each, whose white is not known: {_BETTER}")
    scale = min(1.0, _LONGEST[use_case] / max(width, height))
    shortest = _SHORTEST[use_case]
    if min(round(width * scale), round(height * scale)) < shortest:
        raise ImageUnusable("image_small", f"{width}x{height} px, TikTok needs {shortest} px on the short side")
    if scale == 1.0 and _goes_as_it_is(picture, content):
        # Whether it is whole shows at an eighth of its size too, which takes less than half the time.
        picture.draft(None, (1, 1))
        picture.load()
        return content
    # A JPEG can be decoded at half or a quarter of its size, which saves time and memory.
    picture.draft(None, (round(width * scale), round(height * scale)))
    return _as_jpeg(picture, _LONGEST[use_case])


def _goes_as_it_is(picture: Image.Image, content: bytes) -> bool:
    return (
        (picture.format, picture.mode) in _AS_THEY_ARE
        and "transparency" not in picture.info
        and picture.getexif().get(_ORIENTATION, _UPRIGHT) == _UPRIGHT
        and len(content) <= _MAX_UPLOAD
        and (picture.format != "PNG" or _PNG_END in content)
    )


def _as_jpeg(picture: Image.Image, longest: int) -> bytes:
    profile = picture.info.get("icc_profile")
    plain = _plain(ImageOps.exif_transpose(picture))
    scale = longest / max(plain.size)
    if scale < 1.0:
        plain = plain.resize((round(plain.width * scale), round(plain.height * scale)), Image.Resampling.LANCZOS)
    return _encoded(_in_srgb(_on_white(plain), profile))


def _plain(picture: Image.Image) -> Image.Image:
    """Without a palette. 16-bit grey is scaled to 8 bits: converting it directly would make most of it white."""
    if picture.mode in {"P", "1"}:
        return picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    if picture.mode.startswith("I"):
        grey = picture.convert("I").point(lambda value: value / 256).convert("L")
        grey.info.pop("transparency", None)  # a 16-bit shade means nothing in 8 bits
        return grey
    return picture


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode not in {"RGBA", "LA", "PA", "La", "RGBa"} and "transparency" not in picture.info:
        return picture
    layered = picture.convert("RGBA")
    canvas = Image.new("RGB", layered.size, "white")
    canvas.paste(layered, mask=layered.getchannel("A"))
    return canvas


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert by the file's colour profile: without it CMYK and wide-gamut pictures look wrong.

    A profile for another colour mode than the picture's is ignored: such files were converted without it.
    """
    if profile is not None:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            mode = _MODE_OF_PROFILE.get(own.profile.xcolor_space.strip())
            if mode == picture.mode:
                srgb = ImageCms.createProfile("sRGB")
                return ImageCms.profileToProfile(picture, own, srgb, outputMode="RGB") or picture.convert("RGB")
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile counts as none
    return picture.convert("RGB")


def _encoded(picture: Image.Image) -> bytes:
    for quality in _QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= _MAX_UPLOAD:
            return out.getvalue()
    raise ImageUnusable("image_too_large", f"stays over {_MAX_UPLOAD} bytes as a JPEG")
