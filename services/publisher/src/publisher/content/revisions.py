"""Which listings are sent again after an upgrade. Pure.

Fingerprints are made of the merchant's own texts. So a change in how texts are cleaned edits nothing and sends nothing
back to review (RB-9). Only listings for which an earlier version sent words that must not be there are sent again: the
fingerprint of such a product has a mark.
"""

import html
import re

from publisher.content.description import read_description
from publisher.content.markup import decoded
from publisher.content.text import cleaned_line
from shopsync_contracts.events import ProductSnapshot

_TAKEN_FOR_A_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")
_JOINED = re.compile(r"\S[\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+\S")


def revision_mark(product: ProductSnapshot) -> str:
    """The mark, which depends on the texts only; "" for nearly every product."""
    content = product.content
    lines = [content.name, *(value.name or "" for attribute in content.attributes for value in attribute.values)]
    if product.axes is not None:
        lines += [product.axes.vertical or "", product.axes.horizontal or ""]
    choices = [name for sku in product.skus for name in (sku.vertical_name, sku.horizontal_name)]
    was_wrong = (
        read_description(content.description).has_private_parts
        or any(_was_sent_wrongly(line) for line in (*lines, *choices))
        or any(choice.strip() and not cleaned_line(choice).text for choice in choices)  # was sent as its number
    )
    return "3" if was_wrong else ""


def _was_sent_wrongly(line: str) -> bool:
    """Whether words were lost with angle brackets, joined over a line break, read as entities, or struck out."""
    if line.isalnum():
        return False
    plain = decoded(line)
    if _JOINED.search(plain) is not None or html.unescape(line) != plain or cleaned_line(line).struck:
        return True
    if _TAKEN_FOR_A_TAG.search(plain) is None:
        return False
    cleaned = cleaned_line(line)
    return "＜" in cleaned.text or bool(cleaned.left_out)
