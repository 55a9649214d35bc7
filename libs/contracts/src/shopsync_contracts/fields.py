"""The constrained values that the message bodies are made of."""

from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema

MAX_KEY_BYTES = 32
MAX_AXIS_BYTES = 9


def _identifier(value: str) -> str:
    size = len(value.encode())
    if not 1 <= size <= MAX_KEY_BYTES:
        raise ValueError(f"must be 1 to {MAX_KEY_BYTES} bytes of UTF-8, has {size}")
    if "/" in value:
        raise ValueError("must not hold '/': it parts shop key and product number in the subject")
    return value


def _axis_number(value: str) -> str:
    if len(value.encode()) > MAX_AXIS_BYTES:
        raise ValueError(f"must be at most {MAX_AXIS_BYTES} bytes of UTF-8, has {len(value.encode())}")
    return value


_IDENTIFIER_SCHEMA: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_KEY_BYTES,
    "pattern": "^[^/]+$",
    "description": "1 to 32 bytes of UTF-8 without '/'",
}

ShopKey = Annotated[str, AfterValidator(_identifier), WithJsonSchema(_IDENTIFIER_SCHEMA)]
"""futureshop's shop key (店舗KEY): 1 to 32 bytes of UTF-8, no '/'."""

ProductNo = Annotated[str, AfterValidator(_identifier), WithJsonSchema(_IDENTIFIER_SCHEMA)]
"""futureshop's product number (商品番号): 1 to 32 bytes of UTF-8, no '/'."""

AxisNo = Annotated[
    str,
    AfterValidator(_axis_number),
    WithJsonSchema({"type": "string", "maxLength": MAX_AXIS_BYTES, "description": "at most 9 bytes of UTF-8"}),
]
"""Number of a choice on the vertical (縦軸) or horizontal (横軸) axis, "" where the axis is not used (VA-3)."""

Yen = Annotated[int, Field(ge=0)]
"""Whole yen (PR-9)."""

Count = Annotated[int, Field(ge=0)]
"""A number of things."""

Time = AwareDatetime
"""RFC 3339 with offset; a stamp without offset is refused."""


class Body(BaseModel):
    """Base of all bodies and their parts: immutable, strict about types, deaf to members it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Patch(BaseModel):
    """JSON Merge Patch (RFC 7396): an absent member changes nothing, `null` removes.

    A member that does not exist is refused: a misspelt edit would otherwise be lost in silence.
    `model_fields_set` tells what was sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
