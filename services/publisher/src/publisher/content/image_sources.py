"""Which address an image is to be fetched from. Pure."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-echo", "data-url", "data-image")
"""Where scripts keep the address until the image is scrolled to; `src` holds a placeholder then."""
_LAZY_SETS = ("data-srcset", "data-lazy-srcset")
_REMOVED = re.compile("[\t\n\r\x0b\x0c\x00\ufeff\u200b\u2060]")
_CANDIDATE = re.compile(r"\s*([^\s,]\S*[^\s,]|[^\s,])(?:\s+([0-9]+(?:\.[0-9]+)?)[wx])?[^,]*(?:,|$)")


def image_address(text: str) -> str:
    """The address without blanks around it and line breaks inside it; `//host/a.jpg` is fetched by HTTPS."""
    address = _REMOVED.sub("", text).strip()
    return f"https:{address}" if address.startswith("//") else address


def source_of(image: LexborNode) -> str | None:
    """Of an `<img>`: the real address of a lazily loaded image first; None when there is none that can be fetched."""
    addresses = (image_address(candidate) for candidate in _candidates(image))
    return next((address for address in addresses if _is_absolute(address)), None)


def _candidates(image: LexborNode) -> Iterator[str]:
    attributes = image.attributes
    for name in (*_LAZY, *_LAZY_SETS, "src", "srcset"):
        value = attributes.get(name)
        if value:
            yield _largest(value) if name.endswith("srcset") else value
    picture = image.parent
    if picture is not None and picture.tag == "picture":
        for source in picture.css("source"):
            sets = (source.attributes.get(name) for name in (*_LAZY_SETS, "srcset"))
            yield from (_largest(value) for value in sets if value)


def _largest(candidates: str) -> str:
    """Of a `srcset`: the address with the greatest width or density; "" when none can be fetched."""
    found = [(float(size or 1), address) for address, size in _CANDIDATE.findall(candidates)]
    fetchable = [one for one in found if _is_absolute(image_address(one[1]))]
    return max(fetchable, key=lambda one: one[0])[1] if fetchable else ""


def _is_absolute(address: str) -> bool:
    return address[:8].lower().startswith(("http://", "https://"))
