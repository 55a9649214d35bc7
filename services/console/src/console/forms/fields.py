"""The fields of a product's form, one text each, and what their texts mean."""

import re
from collections.abc import Sequence
from typing import Any, Final

from console.forms.errors import Wrong
from console.forms.numbers import AMOUNTS, whole_number
from shopsync_contracts.events import ProductSnapshot, SnapshotContent

UPSTREAM: Final = ("name", "description", "images", "price")
SIDES: Final = ("length", "width", "height")
TEXTS: Final = (*UPSTREAM, "category_id", "brand_id", "package_weight_g", *SIDES, "size_chart_image")
_ONE_LINE: Final = frozenset(TEXTS) - {"description", "images"}
_ADDRESS: Final = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)


def texts_of(content: SnapshotContent) -> dict[str, str]:
    """The values in force, as the form shows them."""
    size = content.package_dimensions_cm
    values: dict[str, Any] = {
        "name": content.name,
        "description": content.description,
        "images": "\n".join(content.images),
        "price": content.price,
        "category_id": content.category_id,
        "brand_id": content.brand_id,
        "package_weight_g": content.package_weight_g,
        **{side: None if size is None else getattr(size, side) for side in SIDES},
        "size_chart_image": content.size_chart_image,
    }
    return {name: plain(name, "" if value is None else str(value)) for name, value in values.items()}


def plain(name: str, text: str) -> str:
    """As it is compared: browsers write line breaks in their own way, and leave them out of fields of one line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if name in _ONE_LINE:
        text = text.replace("\n", "")
    return text.strip()


def value_of(name: str, text: str) -> Any:
    """What is sent for a text; None for a blank one. Raises Wrong."""
    if not text:
        if name in UPSTREAM:
            raise Wrong("needed")
        return None
    if name in AMOUNTS:
        return whole_number(text, AMOUNTS[name])
    if name == "images":
        return addresses(text.split("\n"))
    if name == "size_chart_image":
        return addresses([text])[0]
    return text


def addresses(lines: Sequence[str]) -> tuple[str, ...]:
    """One in each line that is not blank. Raises Wrong."""
    found = tuple(line.strip() for line in lines if line.strip())
    if wrong := next((line for line in found if not _ADDRESS.fullmatch(line)), None):
        raise Wrong("address", address=wrong[:100])
    return found


def missing_fields(snapshot: ProductSnapshot) -> frozenset[str]:
    """Fields of the form that lack a value, from the paths in `missing`."""
    return frozenset(_field(path) for path in snapshot.missing)


def _field(path: str) -> str:
    root = path.partition("[")[0].partition(".")[0]
    if root == "skus":
        return "price" if path.endswith(".price") else "stock"
    return root
