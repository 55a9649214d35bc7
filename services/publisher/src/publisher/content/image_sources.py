"""The address that an image is fetched from. Pure."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-echo", "data-url", "data-image")
"""Where scripts keep the address until the image is scrolled into view; `src` has a placeholder then."""
_LAZY_SETS = ("data-srcset", "data-lazy-srcset")
_REMOVED = re.compile("[\t\n\r\x0b\x0c\x00\ufeff\u200b\u2060]")
_CANDIDATE = re.compile(r"\s*([^\s,]\S*[^\s,]|[^\s,])(?:\s+([0-9]+(?:\.[0-9]+)?)[wx])?[^,]*(?:,|$)")


def image_address(text: str) -> str:
    """The address without surrounding blanks and inner line breaks; `//host/a.jpg` becomes an HTTPS address."""
    address = _REMOVED.sub("", text).strip()
    return f"https:{address}" if address.startswith("//") else address


def source_of(image: LexborNode) -> str | None:
    """The address of an `<img>`, of a lazily loaded image the real one; None when there is no http(s) address."""
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
    """The address with the greatest width or density in a `srcset`; "" when there is no http(s) address."""
    found = [(float(size or 1), address) for address, size in _CANDIDATE.findall(candidates)]
    fetchable = [one for one in found if _is_absolute(image_address(one[1]))]
    return max(fetchable, key=lambda one: one[0])[1] if fetchable else ""


def _is_absolute(address: str) -> bool:
    return address[:8].lower().startswith(("http://", "https://"))
