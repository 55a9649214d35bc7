"""Which address an image is to be fetched from. Pure."""

import re

from selectolax.lexbor import LexborNode

_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy", "data-echo", "data-url", "data-image")
"""Where scripts keep the address until the image is scrolled to; `src` holds a placeholder then."""
_SETS = ("data-srcset", "data-lazy-srcset", "srcset")
_REMOVED = re.compile("[\t\n\r\x0b\x0c\x00\ufeff\u200b\u2060]")
_CANDIDATE = re.compile(r"\s*([^\s,]\S*[^\s,]|[^\s,])(?:\s+([0-9.]+)[wx])?[^,]*(?:,|$)")


def image_address(text: str) -> str:
    """The address without blanks around it and line breaks inside it; `//host/a.jpg` is fetched by HTTPS."""
    address = _REMOVED.sub("", text).strip()
    return f"https:{address}" if address.startswith("//") else address


def source_of(image: LexborNode) -> str | None:
    """Of an `<img>`: the real address of a lazily loaded image first; None when there is none that can be fetched."""
    attributes = image.attributes
    plain = [attributes.get(name) for name in _LAZY]
    sets = [_largest(attributes.get(name)) for name in _SETS]
    picture = image.parent if image.parent is not None and image.parent.tag == "picture" else None
    sources = picture.css("source") if picture is not None else []
    others = [_largest(source.attributes.get(name)) for source in sources for name in _SETS]
    for candidate in (*plain, sets[0], sets[1], attributes.get("src"), sets[2], *others):
        address = image_address(candidate or "")
        if address.lower().startswith(("http://", "https://")):
            return address
    return None


def _largest(candidates: str | None) -> str | None:
    """Of a `srcset`: the address with the greatest width or density."""
    found = [(float(size or 1), address) for address, size in _CANDIDATE.findall(candidates or "")]
    return max(found, key=lambda one: one[0])[1] if found else None
