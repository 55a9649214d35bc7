"""Rows of Get Categories and Get Brands. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_FIRST_LEVEL = "0"
_AVAILABLE = "AVAILABLE"


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A node of a tree. `parent_id` None: the first level. `permission`: TikTok's word, the first that restricts."""

    id: str
    parent_id: str | None
    name: str
    is_leaf: bool
    permission: str


@dataclass(frozen=True, slots=True)
class BrandRow:
    """`authorized` False: buyers do not see it. `usable` False: TikTok refuses products with it."""

    id: str
    name: str
    authorized: bool
    usable: bool


def read_category(row: Mapping[str, Any]) -> CategoryRow:
    """Raises TypeError for statuses that are no list."""
    statuses = [str(status) for status in row.get("permission_statuses") or ()]
    parent = str(row.get("parent_id") or _FIRST_LEVEL)
    return CategoryRow(
        id=str(row.get("id", "")),
        parent_id=None if parent == _FIRST_LEVEL else parent,
        name=str(row.get("local_name", "")),
        is_leaf=bool(row.get("is_leaf")),
        permission=next((status for status in statuses if status != _AVAILABLE), _AVAILABLE),
    )


def read_brand(row: Mapping[str, Any]) -> BrandRow:
    """UNAUTHORIEZD is the API's own spelling; the right one counts too, in case it is corrected."""
    authorized = str(row.get("authorized_status", "AUTHORIZED")).startswith("AUTHORI")
    return BrandRow(
        id=str(row.get("id", "")),
        name=str(row.get("name", "")),
        authorized=authorized,
        usable=row.get("brand_status", _AVAILABLE) == _AVAILABLE and (authorized or not row.get("is_t1_brand")),
    )
