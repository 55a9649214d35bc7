"""Categories, their attributes and rules, and brands."""

from dataclasses import dataclass, field
from typing import Literal

from shopsync_sandbox.tiktok.protocol.codes import Code


@dataclass(frozen=True, slots=True)
class Category:
    """A node of a tree; `parent_id` "0" is a root.

    `refusal`: the code that refuses a listing in it. `shown` False: the category exists, but not in this market.
    """

    id: str
    parent_id: str
    name: str
    version: str
    permission: str = "AVAILABLE"
    refusal: Code | None = None
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Attribute:
    """`values` maps value id to name. `number`: a custom value must be a positive number.

    `depends_on`, (attribute id, value id): required when that value is chosen; must be empty when another value is.
    """

    id: str
    name: str
    sales: bool = False
    required: bool = False
    multiple: bool = False
    custom: bool = False
    number: bool = False
    values: dict[str, str] = field(default_factory=dict)
    depends_on: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Certification:
    """A document that a category requires. `expires`: an expiry date is required too."""

    id: str
    name: str
    required: bool = True
    expires: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What a category requires besides attributes."""

    certifications: tuple[Certification, ...] = ()
    size_chart: Literal["unsupported", "supported", "required"] = "unsupported"
    parcel_required: bool = True
    seller_sku_required: bool = False


@dataclass(frozen=True, slots=True)
class Brand:
    """`t1` brands cannot be used at all without authorisation. `roots`: the only first-level categories it is for."""

    id: str
    name: str
    authorised: bool = True
    t1: bool = False
    expired: bool = False
    roots: frozenset[str] | None = None
