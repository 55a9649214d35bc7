"""The constrained values that the message bodies are made of."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from shopsync_contracts.limits import (
    KEPT_NAME,
    KEPT_REASON,
    KEPT_TEXT,
    MAX_AXIS_BYTES,
    MAX_CHOICE_NAME,
    MAX_COUNT,
    MAX_ID,
    MAX_KEY_BYTES,
    MAX_PRICE,
    MAX_PRICE_WITH_TAX,
    MAX_SECONDS,
    MAX_STOCK,
    MAX_TIKTOK_ID,
    MAX_URL,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is beyond `limit` characters, or entries, is cut instead of refused; a cut text ends with "…".

    For words that people read: losing the message that carries them would be the greater harm.
    """

    limit: int

    def cut(self, value: Any) -> Any:
        """The value, no longer than the limit."""
        if len(value) <= self.limit:
            return value
        return f"{value[: self.limit - 1]}…" if isinstance(value, str) else value[: self.limit]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.cut, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "x-kept": self.limit}


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


# JSON Schema counts characters; `x-maxBytes` says what it cannot: bytes of UTF-8.
_IDENTIFIER_SCHEMA: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_KEY_BYTES,
    "x-maxBytes": MAX_KEY_BYTES,
    "pattern": "^[^/]+$",
    "description": "1 to 32 bytes of UTF-8 without '/'; a Japanese character has 3 bytes",
}
_AXIS_SCHEMA: dict[str, Any] = {
    "type": "string",
    "maxLength": MAX_AXIS_BYTES,
    "x-maxBytes": MAX_AXIS_BYTES,
    "description": "at most 9 bytes of UTF-8; a Japanese character has 3 bytes",
}

ShopKey = Annotated[str, AfterValidator(_identifier), WithJsonSchema(_IDENTIFIER_SCHEMA)]
"""futureshop's shop key (店舗KEY): 1 to 32 bytes of UTF-8, no '/'."""

ProductNo = Annotated[str, AfterValidator(_identifier), WithJsonSchema(_IDENTIFIER_SCHEMA)]
"""futureshop's product number (商品番号): 1 to 32 bytes of UTF-8, no '/'."""

AxisNo = Annotated[str, AfterValidator(_axis_number), WithJsonSchema(_AXIS_SCHEMA)]
"""Number of a choice on the vertical (縦軸) or horizontal (横軸) axis, "" where the axis is not used (VA-3)."""

Id = Annotated[str, Field(max_length=MAX_ID)]
"""Names a message, an import, a sync, a sweep."""

GivenId = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
"""The same where it may not be empty."""

TiktokId = Annotated[str, Field(max_length=MAX_TIKTOK_ID)]
"""An id of TikTok's: digits, as a string."""

GivenTiktokId = Annotated[str, Field(min_length=1, max_length=MAX_TIKTOK_ID)]
"""The same where it may not be empty."""

ChoiceName = Annotated[str, Field(max_length=MAX_CHOICE_NAME)]
"""Name of an axis or of a choice on it."""

Url = Annotated[str, Field(max_length=MAX_URL)]
"""Address of an image."""

Words = Annotated[str, Kept(KEPT_TEXT)]
"""A message for people, cut when it is long."""

ShortWords = Annotated[str, Kept(KEPT_REASON)]
"""The same where many of them stand in one message."""

FieldName = Annotated[str, Kept(KEPT_NAME)]
"""A code, or the name of a field, cut when it is long."""

Yen = Annotated[int, Field(ge=0, le=MAX_PRICE)]
"""Whole yen as registered (PR-9)."""

ShownYen = Annotated[int, Field(ge=0, le=MAX_PRICE_WITH_TAX)]
"""Whole yen, tax included (PR-9)."""

StockCount = Annotated[int, Field(ge=0, le=MAX_STOCK)]
"""A number of pieces."""

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
"""A number of things, or a version."""

FromOne = Annotated[int, Field(ge=1, le=MAX_COUNT)]
"""A page, or a version that begins at 1."""

Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]
"""A duration."""


class Body(BaseModel):
    """Base of all bodies and their parts: immutable, strict about types, deaf to members it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Patch(BaseModel):
    """JSON Merge Patch (RFC 7396): an absent member changes nothing, `null` removes.

    A member that does not exist is refused: a misspelt edit would otherwise be lost in silence.
    `model_fields_set` tells what was sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
