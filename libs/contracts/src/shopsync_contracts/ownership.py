"""Which layer owns which field (domain §2, §3). This table alone decides what an import may replace."""

from enum import Enum
from typing import Final


class Owner(Enum):
    """Who has the last word on a field."""

    UPSTREAM = "from futureshop; a tool edit holds until the next permitted overwrite (LY-2)"
    TOOL = "not at futureshop; no import ever touches it (不足項目, ED-7)"
    STOCK = "imported from futureshop once per SKU, then the tool's until it is sent (ST-1, ST-3, ST-10)"


OWNERS: Final[dict[str, Owner]] = {
    "name": Owner.UPSTREAM,
    "description": Owner.UPSTREAM,
    "images": Owner.UPSTREAM,
    "price": Owner.UPSTREAM,
    "category_id": Owner.TOOL,
    "brand_id": Owner.TOOL,
    "package_weight_g": Owner.TOOL,
    "package_dimensions_cm": Owner.TOOL,
    "attributes": Owner.TOOL,
    "size_chart_image": Owner.TOOL,
    "stock": Owner.STOCK,
}

DIMENSIONS: Final = "package_dimensions_cm"
SIDES: Final = ("length", "width", "height")
"""The sides of the package. Each is merged as a tool-only field of its own."""


def side_field(side: str) -> str:
    """Name under which the edit of one side is stored."""
    return f"{DIMENSIONS}.{side}"


def fields_of(owner: Owner) -> tuple[str, ...]:
    """Names under which edits of the owner's fields are stored. The package size counts as three fields."""
    names = [name for name, known in OWNERS.items() if known is owner]
    return tuple(each for name in names for each in (map(side_field, SIDES) if name == DIMENSIONS else (name,)))
