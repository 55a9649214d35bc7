"""The SKU name (seller_sku) by which a listing is found again. Pure. It must never change."""

import hashlib
import re

MAX_SELLER_SKU = 50

_PLAIN = re.compile(r"[A-Za-z0-9.\-]*")
_OTHER = re.compile(r"[^A-Za-z0-9.\-]+")
_DIGEST_BYTES = 8
# Longer than an axis number, which has 9 bytes at most: a digest is never taken for a number.
_DIGEST_CHARS = _DIGEST_BYTES * 2
_READABLE = MAX_SELLER_SKU - _DIGEST_CHARS - 1


def seller_sku(product_no: str, vertical_no: str, horizontal_no: str) -> str:
    """`A-100`, `A-100_M`, `A-100_M_NV`, `A-100__NV`: product and axis numbers, ASCII, no spaces, at most 50 characters.

    When a number has other characters (an underscore too), or the name is too long, it ends with a digest of the exact
    numbers, so that two SKUs of a shop never have the same name.
    """
    numbers = (product_no, vertical_no, horizontal_no)
    if all(_PLAIN.fullmatch(number) for number in numbers):
        name = "_".join(numbers).rstrip("_")
        if len(name) <= MAX_SELLER_SKU:
            return name
    digest = hashlib.blake2b("\0".join(numbers).encode(), digest_size=_DIGEST_BYTES).hexdigest()
    readable = "-".join(filter(None, (_OTHER.sub("", number) for number in numbers)))[:_READABLE].strip("-.")
    return f"{readable or 'sku'}_{digest}"
