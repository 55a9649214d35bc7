"""Constrained value types of the message bodies."""

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
class CutTo:
    """Cuts a text or list that is longer than `limit` instead of refusing it. A cut text ends with "…".

    It is for texts that people read: losing the whole message would do more harm.
    """

    limit: int

    def cut(self, value: Any) -> Any:
        """Shorten the value to the limit."""
        if len(value) <= self.limit:
            return value
        return f"{value[: self.limit - 1]}…" if isinstance(value, str) else value[: self.limit]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.cut, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "x-kept": self.limit}


def checked_key(value: str) -> str:
    """The shop key or product number as it is. Raises ValueError that says what is wrong with it."""
    if value.isascii() and 1 <= len(value) <= MAX_KEY_BYTES and "/" not in value:
        return value  # nearly all, in a third of the time
    size = len(value.encode())
    if not 1 <= size <= MAX_KEY_BYTES:
        raise ValueError(f"must be 1 to {MAX_KEY_BYTES} bytes of UTF-8, has {size}")
    if "/" in value:
        raise ValueError("must not hold '/': it parts shop key and product number in the subject")
    return value


def _axis_number(value: str) -> str:
    if value.isascii() and len(value) <= MAX_AXIS_BYTES:
        return value
    if len(value.encode()) > MAX_AXIS_BYTES:
        raise ValueError(f"must be at most {MAX_AXIS_BYTES} bytes of UTF-8, has {len(value.encode())}")
    return value


# JSON Schema can only limit characters; `x-maxBytes` limits bytes of UTF-8.
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

ShopKey = Annotated[str, AfterValidator(checked_key), WithJsonSchema(_IDENTIFIER_SCHEMA)]
"""futureshop's shop key (店舗KEY): 1 to 32 bytes of UTF-8, no '/'."""

ProductNo = Annotated[str, AfterValidator(checked_key), WithJsonSchema(_IDENTIFIER_SCHEMA)]
"""futureshop's product number (商品番号): 1 to 32 bytes of UTF-8, no '/'."""

AxisNo = Annotated[str, AfterValidator(_axis_number), WithJsonSchema(_AXIS_SCHEMA)]
"""Number of a choice on the vertical (縦軸) or horizontal (横軸) axis, "" where the axis is not used (VA-3)."""

Id = Annotated[str, Field(max_length=MAX_ID)]
"""Id of a message, an import, a sync or a sweep."""

RequiredId = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
"""An id that may not be empty."""

TiktokId = Annotated[str, Field(max_length=MAX_TIKTOK_ID)]
"""TikTok's id of a thing: digits, as a string."""

RequiredTiktokId = Annotated[str, Field(min_length=1, max_length=MAX_TIKTOK_ID)]
"""TikTok's id where it may not be empty."""

ChoiceName = Annotated[str, Field(max_length=MAX_CHOICE_NAME)]
"""Name of an axis or of a choice on it."""

Url = Annotated[str, Field(max_length=MAX_URL)]
"""Address of an image."""

LongText = Annotated[str, CutTo(KEPT_TEXT)]
"""A text for people, cut when it is too long."""

ShortText = Annotated[str, CutTo(KEPT_REASON)]
"""The same, shorter, where one message holds many of them."""

FieldName = Annotated[str, CutTo(KEPT_NAME)]
"""A code or the name of a field, cut when it is too long."""

Yen = Annotated[int, Field(ge=0, le=MAX_PRICE)]
"""Whole yen as registered (PR-9)."""

YenWithTax = Annotated[int, Field(ge=0, le=MAX_PRICE_WITH_TAX)]
"""Whole yen, tax included (PR-9)."""

StockCount = Annotated[int, Field(ge=0, le=MAX_STOCK)]
"""Pieces in stock."""

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
"""A count, or a version."""

PositiveCount = Annotated[int, Field(ge=1, le=MAX_COUNT)]
"""A page number, or a version that begins at 1."""

Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]
"""A duration in seconds."""


class Body(BaseModel):
    """Base of all bodies and their parts: immutable, strict about types, ignores unknown members."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Patch(BaseModel):
    """JSON Merge Patch (RFC 7396): an absent member changes nothing, `null` removes.

    An unknown member is refused, because a misspelt edit would otherwise be lost silently. `model_fields_set` holds the
    members that were sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
