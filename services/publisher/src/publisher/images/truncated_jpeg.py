"""JPEG files that end too early: completed when nothing worth speaking of is lost. CPU-bound.

Pillow takes cut files only by a switch of the whole process, and then says nothing of what is missing.
"""

import io

from PIL import Image, ImageChops

_END = b"\xff\xd9"
_NOISE = bytes(range(1, 0xFE)) * 8
"""Stands for what is missing: as part of a picture it looks like nothing else, behind a whole one it is passed over."""
_PADDING = 16
"""As many zeros at the end are no part of the picture, but what a broken download leaves."""
_BLOCKS = 24
"""Rows that may be lost: the last blocks, and what smoothing takes of those above them."""
_MOST_PIXELS = 12_000_000
"""Compared at full size, which takes three times the memory of the picture; larger ones are compared at an eighth."""
_EIGHTH = 8


def completed(content: bytes) -> bytes | None:
    """The file with its end mark, or None when more than the last rows of the picture are missing.

    The picture is decoded twice, with the end mark and with noise before it: they differ where data is missing.
    Raises what Pillow raises for files it cannot read.
    """
    padding = len(content) - len(content.rstrip(b"\x00"))
    body = content[: -padding if padding >= _PADDING else None].removesuffix(_END[:1])
    whole = body + _END
    one, rows = _decoded(whole)
    other, _ = _decoded(body + _NOISE + _END)
    if one is None or other is None:
        return None
    box = ImageChops.difference(one, other).getbbox()
    return whole if box is None or (one.height - box[1]) * rows <= _BLOCKS else None


def _decoded(content: bytes) -> tuple[Image.Image | None, int]:
    """The pixels, and how many rows of the file each of their rows is; None when that would take too much memory."""
    with Image.open(io.BytesIO(content)) as picture:
        is_large = picture.width * picture.height > _MOST_PIXELS
        if is_large and "progressive" in picture.info:
            return None, 1  # every part of such a file is about the whole picture
        height = picture.height
        if is_large:
            picture.draft(None, (picture.width // _EIGHTH, picture.height // _EIGHTH))
        picture.load()
        return picture.copy(), -(-height // picture.height)
