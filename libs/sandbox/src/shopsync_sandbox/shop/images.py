"""Product images: real JPEG, PNG, WebP and GIF files, drawn from their number. The bytes never change."""

import colorsys
import io
import random
import re
from functools import lru_cache

from PIL import Image, ImageDraw

PALETTE = 360  # distinct images; products share some of them, as in real shops
MAX_SIDE = 4000
_SIZES = ((600, 600), (600, 600), (640, 480), (450, 600), (720, 720))
_FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}
_MEDIA = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}
_NAME = re.compile(r"(?:(?P<width>[0-9]{1,4})x(?P<height>[0-9]{1,4})/)?(?P<number>[0-9]{1,9})\.(?P<ext>[a-z]+)")


def path_of(number: int) -> str:
    """The server path of image `number`. Two thirds are JPEG, one third PNG; no side is below 450 px."""
    return f"/images/{number:04}.{'png' if number % 3 == 0 else 'jpg'}"


def media_type(name: str) -> str:
    """The Content-Type of a name that `render` knows."""
    return _MEDIA[name.rsplit(".", 1)[1]]


@lru_cache(maxsize=512)
def render(name: str) -> bytes | None:
    """The file `0012.jpg`, or `100x100/0012.png` for another size. None when the name has neither form."""
    parts = _NAME.fullmatch(name)
    if parts is None or parts["ext"] not in _FORMATS:
        return None
    number = int(parts["number"])
    size = _SIZES[number % len(_SIZES)]
    if parts["width"]:
        size = (int(parts["width"]), int(parts["height"]))
        if not all(1 <= side <= MAX_SIDE for side in size):
            return None
    return _encode(_draw(number, size), parts["ext"])


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return (int(red * 255), int(green * 255), int(blue * 255))


def _draw(number: int, size: tuple[int, int]) -> Image.Image:
    rng = random.Random(f"photograph/{number}")  # noqa: S311 - decoration, not cryptography
    hue = number * 0.618034
    width, height = size
    picture = Image.new("RGB", size, _colour(hue, 0.12, 0.97))
    pen = ImageDraw.Draw(picture)
    for layer in range(3):
        left, top = rng.random() * width * 0.4, rng.random() * height * 0.4
        box = (left, top, left + width * rng.uniform(0.3, 0.6), top + height * rng.uniform(0.3, 0.6))
        fill = _colour(hue + layer * 0.08, 0.65, 0.9 - layer * 0.2)
        if rng.random() < 0.5:
            pen.ellipse(box, fill=fill)
        else:
            pen.rounded_rectangle(box, radius=min(size) // 20, fill=fill)
    # A row of bars spells the number, so that two images never have the same bytes.
    for bit in range(max(1, number.bit_length())):
        x = width * (0.05 + 0.03 * bit)
        shade = _colour(hue, 0.2, 0.2 if number >> bit & 1 else 0.75)
        pen.rectangle((x, height * 0.92, x + width * 0.02, height * 0.97), fill=shade)
    return picture


def _encode(picture: Image.Image, ext: str) -> bytes:
    out = io.BytesIO()
    if ext in ("png", "gif"):
        picture = picture.quantize(32)
    picture.save(out, _FORMATS[ext], **({"quality": 60} if ext in ("jpg", "webp") else {}))
    return out.getvalue()
