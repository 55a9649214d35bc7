"""What was read from futureshop: products, and proofs that products are gone."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shopsync_contracts.envelope import ProductBody
from shopsync_contracts.fields import AxisNo, Body, ChoiceName, Count, Id, RequiredId, StockCount, Url, Yen
from shopsync_contracts.limits import (
    MAX_JAN,
    MAX_RATE_PERCENT,
    MAX_SKUS,
    MAX_UPSTREAM_DESCRIPTION,
    MAX_UPSTREAM_IMAGES,
    MAX_UPSTREAM_NAME,
)
from shopsync_contracts.times import Time

ImportMode = Literal["changed_only", "overwrite_all"]
"""`changed_only` is 情報を更新する (RA-1), `overwrite_all` is 一括情報更新 (RA-2)."""

SaleForm = Literal["regular", "preorder"]
"""通常販売 or 予約販売 (PR-2)."""

Rounding = Literal["down", "up", "half_up"]

RatePercent = Annotated[int, Field(ge=0, le=MAX_RATE_PERCENT)]


class Tax(Body):
    """How the prices are registered (消費税設定). The shop's setting fills a member that is left out or null."""

    included: bool | None = Field(default=None, description="true: prices already hold the tax")
    rate_percent: RatePercent | None = None
    rounding: Rounding | None = None


class Axes(Body):
    """Names of the two variation axes (縦軸, 横軸); null where the axis is not used."""

    vertical: ChoiceName | None = None
    horizontal: ChoiceName | None = None


class UpstreamSku(Body):
    """One combination of choices. `price` is in whole yen as registered; null means the product's."""

    vertical_no: AxisNo = ""
    horizontal_no: AxisNo = ""
    vertical_name: ChoiceName = ""
    horizontal_name: ChoiceName = ""
    jan_code: str = Field(default="", max_length=MAX_JAN)
    price: Yen | None = None
    stock: StockCount | None = None
    preorder_stock: StockCount | None = None


class UpstreamProduct(Body):
    """One product record of futureshop, without member, stage, list and body prices (PR-4 to PR-6)."""

    updated_at: Time = Field(description="更新日, what rule A compares")
    created_at: Time | None = None
    name: str = Field(max_length=MAX_UPSTREAM_NAME)
    description: str = Field(default="", max_length=MAX_UPSTREAM_DESCRIPTION, description="HTML")
    images: tuple[Url, ...] = Field(default=(), max_length=MAX_UPSTREAM_IMAGES, description="URLs in display order")
    visible: bool = True
    sale_form: SaleForm
    regular_price: Yen | None = None
    preorder_price: Yen | None = None
    tax: Tax | None = Field(default=None, description="null: the shop's settings")
    stock_managed: bool = Field(description="false is 在庫管理をしない (ST-7)")
    axes: Axes | None = None
    skus: tuple[UpstreamSku, ...] = Field(
        min_length=1, max_length=MAX_SKUS, json_schema_extra={"x-unique": ["vertical_no", "horizontal_no"]}
    )

    @model_validator(mode="after")
    def _sku_numbers_are_unique(self) -> Self:
        numbers = [(sku.vertical_no, sku.horizontal_no) for sku in self.skus]
        if len(set(numbers)) < len(numbers):
            vertical_no, horizontal_no = next(one for place, one in enumerate(numbers) if one in numbers[:place])
            raise ValueError(f"skus: vertical_no {vertical_no!r} with horizontal_no {horizontal_no!r} stands twice")
        return self


class ProductChanged(ProductBody):
    """One product as futureshop had it at `observed_at`."""

    TYPE: ClassVar[str] = "product.changed"

    mode: ImportMode
    observed_at: Time = Field(description="when the source was read")
    import_id: Id | None = None
    product: UpstreamProduct


class Enumeration(Body):
    """A complete, successful reading of all product numbers of the shop (DL-9)."""

    id: RequiredId
    started_at: Time
    completed_at: Time
    product_count: Count


class ProductRemoved(ProductBody):
    """A proven absence: the enumeration was complete and the product was not in it."""

    TYPE: ClassVar[str] = "product.removed"

    enumeration: Enumeration
