"""What the merchant does in the tool: edits, the sync target, the shop's settings."""

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shopsync_contracts.envelope import ProductBody, ShopBody
from shopsync_contracts.events.upstream import RatePercent, Rounding
from shopsync_contracts.fields import AxisNo, Body, Patch, ProductNo, RequiredTiktokId, TiktokId, Url
from shopsync_contracts.limits import (
    MAX_ATTRIBUTE_CHARACTERS,
    MAX_ATTRIBUTE_NAME,
    MAX_ATTRIBUTE_VALUES,
    MAX_ATTRIBUTES,
    MAX_BULK_PRODUCTS,
    MAX_CENTIMETRES,
    MAX_DESCRIPTION,
    MAX_IMAGES,
    MAX_INTERVAL_MINUTES,
    MAX_PRICE,
    MAX_QUANTITY,
    MAX_SKUS,
    MAX_TIMES,
    MAX_TITLE,
    MAX_WEIGHT_G,
)
from shopsync_contracts.times import Time

Centimetres = Annotated[int, Field(ge=1, le=MAX_CENTIMETRES)]


class DimensionsPatch(Patch):
    """Edit of the package size in whole centimetres. A side that is left out keeps its value, null removes it."""

    length: Centimetres | None = None
    width: Centimetres | None = None
    height: Centimetres | None = None


def _given(member: str) -> dict[str, Any]:
    return {"required": [member], "properties": {member: {"type": "string"}}}


class AttributeValue(Body):
    """A value of a category attribute: TikTok's id, or a custom name. The id wins when both are given."""

    model_config = ConfigDict(json_schema_extra={"allOf": [{"anyOf": [_given("id"), _given("name")]}]})

    id: TiktokId | None = None
    name: Annotated[str, Field(min_length=1, max_length=MAX_ATTRIBUTE_NAME)] | None = None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if self.id is None and self.name is None:
            raise ValueError("needs id or name")
        return self

    @model_serializer(mode="wrap")
    def _only_what_is_given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value is not None}


class Attribute(Body):
    """One category attribute (product property) with its values."""

    id: RequiredTiktokId
    values: tuple[AttributeValue, ...] = Field(min_length=1, max_length=MAX_ATTRIBUTE_VALUES)


def _together(attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    size = sum(
        len(attribute.id) + sum(len(value.id or "") + len(value.name or "") for value in attribute.values)
        for attribute in attributes
    )
    if size > MAX_ATTRIBUTE_CHARACTERS:
        raise PydanticCustomError(
            "attributes_too_long",
            "ids and names should have at most {limit} characters together, not {size}",
            {"limit": MAX_ATTRIBUTE_CHARACTERS, "size": size},
        )
    return attributes


Attributes = Annotated[
    tuple[Attribute, ...],
    Field(
        max_length=MAX_ATTRIBUTES,
        description=f"ids and names have at most {MAX_ATTRIBUTE_CHARACTERS} characters together",
        json_schema_extra={"x-maxCharactersTogether": MAX_ATTRIBUTE_CHARACTERS},
    ),
    AfterValidator(_together),
]


class StockEdit(Body):
    """The stock of one SKU as the merchant sets it before the first push (ST-10)."""

    vertical_no: AxisNo = ""
    horizontal_no: AxisNo = ""
    quantity: int = Field(ge=0, le=MAX_QUANTITY)


class EditChanges(Patch):
    """The editable fields.

    Absent: unchanged. Null: the edit of an upstream-owned field is withdrawn, a tool-only value is cleared.


    Upstream-owned: name, description, images, price (whole yen, tax included, as TikTok will show it).
    Tool-only (不足項目): the rest. Limits are TikTok Shop's for Japan.
    """

    name: Annotated[str, Field(min_length=1, max_length=MAX_TITLE)] | None = None
    description: Annotated[str, Field(min_length=1, max_length=MAX_DESCRIPTION)] | None = None
    images: Annotated[tuple[Url, ...], Field(min_length=1, max_length=MAX_IMAGES)] | None = None
    price: Annotated[int, Field(ge=1, le=MAX_PRICE)] | None = None
    category_id: RequiredTiktokId | None = None
    brand_id: RequiredTiktokId | None = None
    package_weight_g: Annotated[int, Field(ge=1, le=MAX_WEIGHT_G)] | None = None
    package_dimensions_cm: DimensionsPatch | None = None
    attributes: Annotated[Attributes, Field(json_schema_extra={"x-unique": ["id"]})] | None = None
    size_chart_image: Annotated[Url, Field(min_length=1)] | None = None
    stock: tuple[StockEdit, ...] = Field(
        default=(), max_length=MAX_SKUS, json_schema_extra={"x-unique": ["vertical_no", "horizontal_no"]}
    )

    @model_serializer(mode="wrap")
    def _only_what_was_sent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        document: dict[str, Any] = handler(self)
        sent = {name: document[name] for name in document if name in self.model_fields_set}
        if self.package_dimensions_cm is not None and "package_dimensions_cm" in sent:
            sides = self.package_dimensions_cm.model_fields_set
            sent["package_dimensions_cm"] = {side: sent["package_dimensions_cm"][side] for side in sorted(sides)}
        return sent

    @model_validator(mode="after")
    def _numbers_are_unique(self) -> Self:
        for field, numbers in (
            ("stock", [(entry.vertical_no, entry.horizontal_no) for entry in self.stock]),
            ("attributes", [attribute.id for attribute in self.attributes or ()]),
        ):
            if len(set(numbers)) != len(numbers):
                raise ValueError(f"{field}: an entry stands twice")
        return self


class ProductEdited(ProductBody):
    """The merchant's edit of one product (商品詳細)."""

    TYPE: ClassVar[str] = "product.edited"

    edited_at: Time
    changes: EditChanges


class SyncTargetSet(ProductBody):
    """連携対象 switched ON or OFF; the envelope's `time` is when it was set."""

    TYPE: ClassVar[str] = "sync_target.set"

    sync_enabled: bool


class ProductsBulkEdited(ShopBody):
    """一括入力・変更: the same changes for many products. The catalog splits it into edits (ED-2, ED-6)."""

    TYPE: ClassVar[str] = "products.bulk_edited"

    edited_at: Time
    product_nos: tuple[ProductNo, ...] = Field(min_length=1, max_length=MAX_BULK_PRODUCTS)
    changes: EditChanges = EditChanges()
    sync_enabled: bool | None = None


_TIME_OF_DAY = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"


def _time_of_day(value: str) -> str:
    if not re.fullmatch(_TIME_OF_DAY, value):
        raise ValueError('is no time of day; write it as "HH:MM", 00:00 to 23:59, Asia/Tokyo')
    return value


TimeOfDay = Annotated[
    str,
    AfterValidator(_time_of_day),
    WithJsonSchema({"type": "string", "pattern": f"^{_TIME_OF_DAY}$(?!\\n)", "maxLength": len("HH:MM")}),
]


class SyncSettings(Body):
    """連携設定: when ON products are sent.

    `auto` is 自動連携, `scheduled` is 任意の時間に連携; times are HH:MM in Asia/Tokyo.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"mode": {"const": "scheduled"}}, "required": ["mode"]},
            "then": {"properties": {"times": {"minItems": 1}}, "required": ["times"]},
        }
    )

    mode: Literal["manual", "auto", "scheduled"] = "manual"
    interval_minutes: Annotated[int, Field(ge=1, le=MAX_INTERVAL_MINUTES)] = 60
    times: tuple[TimeOfDay, ...] = Field(default=(), max_length=MAX_TIMES)

    @model_validator(mode="after")
    def _scheduled_needs_times(self) -> Self:
        if self.mode == "scheduled" and not self.times:
            raise ValueError('sync.times: mode "scheduled" needs at least one time such as "03:00"')
        return self


class TaxDefaults(Body):
    """消費税設定 of the shop, used where a product has none of its own (PR-7, PR-8)."""

    included: bool = True
    rate_percent: RatePercent = 10
    rounding: Rounding = "down"


class ShopSettingsChanged(ShopBody):
    """All settings of one shop. The newest message per shop counts (compacted topic)."""

    TYPE: ClassVar[str] = "shop.settings_changed"

    sync: SyncSettings = SyncSettings()
    tax: TaxDefaults = TaxDefaults()
    category_version: Literal["v1", "v2"] = "v1"
