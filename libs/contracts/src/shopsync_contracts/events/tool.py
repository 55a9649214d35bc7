"""What the merchant does in the tool: edits, the sync target, the shop's settings."""

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from shopsync_contracts.envelope import ProductBody, ShopBody
from shopsync_contracts.events.upstream import Rounding
from shopsync_contracts.fields import AxisNo, Body, Patch, ProductNo, Time

MAX_TITLE = 255
MAX_DESCRIPTION = 10_000
MAX_IMAGES = 9
MAX_QUANTITY = 99_999
MAX_BULK_PRODUCTS = 10_000

Centimetres = Annotated[int, Field(ge=1)]


class DimensionsPatch(Patch):
    """Edit of the package size in whole centimetres; a side left out keeps its value, null removes it."""

    length: Centimetres | None = None
    width: Centimetres | None = None
    height: Centimetres | None = None


class AttributeValue(Body):
    """A value of a category attribute: TikTok's id, or a custom name. The id wins when both are given."""

    id: str | None = None
    name: Annotated[str, Field(min_length=1, max_length=2000)] | None = None

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

    id: str = Field(min_length=1)
    values: tuple[AttributeValue, ...] = Field(min_length=1)


class StockEdit(Body):
    """The stock of one SKU as the merchant sets it before the first push (ST-10)."""

    vertical_no: AxisNo = ""
    horizontal_no: AxisNo = ""
    quantity: int = Field(ge=0, le=MAX_QUANTITY)


class EditChanges(Patch):
    """The editable fields.

    Absent: unchanged. Null: the edit of an upstream-owned field is dropped, a tool-only value cleared.


    Upstream-owned: name, description, images, price (whole yen, tax included, as TikTok will show it).
    Tool-only (不足項目): the rest. Limits are TikTok Shop's for Japan.
    """

    name: Annotated[str, Field(min_length=1, max_length=MAX_TITLE)] | None = None
    description: Annotated[str, Field(min_length=1)] | None = None
    images: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_IMAGES)] | None = None
    price: Annotated[int, Field(ge=1)] | None = None
    category_id: Annotated[str, Field(min_length=1)] | None = None
    brand_id: Annotated[str, Field(min_length=1)] | None = None
    package_weight_g: Annotated[int, Field(ge=1)] | None = None
    package_dimensions_cm: DimensionsPatch | None = None
    attributes: tuple[Attribute, ...] | None = None
    size_chart_image: Annotated[str, Field(min_length=1)] | None = None
    stock: tuple[StockEdit, ...] = ()

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
    """一括入力・変更: the same changes on many products; the catalog fans it out (ED-2, ED-6)."""

    TYPE: ClassVar[str] = "products.bulk_edited"

    edited_at: Time
    product_nos: tuple[ProductNo, ...] = Field(min_length=1, max_length=MAX_BULK_PRODUCTS)
    changes: EditChanges = EditChanges()
    sync_enabled: bool | None = None


class SyncSettings(Body):
    """連携設定: when ON products are sent.

    `auto` is 自動連携, `scheduled` is 任意の時間に連携; times are HH:MM in Asia/Tokyo.
    """

    mode: Literal["manual", "auto", "scheduled"] = "manual"
    interval_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    times: tuple["TimeOfDay", ...] = ()

    @model_validator(mode="after")
    def _scheduled_needs_times(self) -> Self:
        if self.mode == "scheduled" and not self.times:
            raise ValueError('sync.times: mode "scheduled" needs at least one time such as "03:00"')
        return self


def _time_of_day(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError(f'{value!r} is no time of day; write it as "HH:MM", 00:00 to 23:59, Asia/Tokyo')
    return value


TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]


class TaxDefaults(Body):
    """消費税設定 of the shop, used where a product does not say otherwise (PR-7, PR-8)."""

    included: bool = True
    rate_percent: Annotated[int, Field(ge=0, le=100)] = 10
    rounding: Rounding = "down"


class ShopSettingsChanged(ShopBody):
    """The whole settings of one shop; the newest message per shop is the truth (compacted topic)."""

    TYPE: ClassVar[str] = "shop.settings_changed"

    sync: SyncSettings = SyncSettings()
    tax: TaxDefaults = TaxDefaults()
    category_version: Literal["v1", "v2"] = "v1"


SyncSettings.model_rebuild()
