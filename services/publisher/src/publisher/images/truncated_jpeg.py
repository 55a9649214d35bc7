"""Completes JPEG files that end too early, when only their last rows are missing. CPU-bound.

Pillow reads truncated files only with a switch for the whole process, and does not tell how much is missing.
"""

import io

from PIL import Image, ImageChops

_END = b"\xff\xd9"
_NOISE = bytes(range(1, 0xFE)) * 8
"""In place of missing data: inside a picture it changes pixels, behind a whole one it is skipped."""
_PADDING = 16
"""So many zeros at the end are not part of the picture: a broken download leaves them."""
_BLOCKS = 24
"""Rows that may be lost: the last row of blocks, and the rows above that smoothing changes with it."""
_MOST_PIXELS = 12_000_000
"""Largest picture compared at full size, which takes three times its memory; larger ones are compared at an eighth."""
_EIGHTH = 8


def completed(content: bytes) -> bytes | None:
    """The file with an end mark, or None when more than its last rows are missing.

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
    """The pixels, and how many rows of the file one of their rows stands for. None: it would take too much memory."""
    with Image.open(io.BytesIO(content)) as picture:
        is_large = picture.width * picture.height > _MOST_PIXELS
        if is_large and "progressive" in picture.info:
            return None, 1  # every part of a progressive file covers the whole picture
        height = picture.height
        if is_large:
            picture.draft(None, (picture.width // _EIGHTH, picture.height // _EIGHTH))
        picture.load()
        return picture.copy(), -(-height // picture.height)
