"""The merged product that the catalog publishes."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from shopsync_contracts.envelope import ProductBody
from shopsync_contracts.events.listing import Reasons
from shopsync_contracts.events.tool import Attributes
from shopsync_contracts.events.upstream import Axes
from shopsync_contracts.fields import (
    AxisNo,
    Body,
    ChoiceName,
    Count,
    CutTo,
    FieldName,
    Id,
    LongText,
    PositiveCount,
    StockCount,
    TiktokId,
    Url,
    YenWithTax,
)
from shopsync_contracts.limits import (
    KEPT_FIELDS,
    MAX_CENTIMETRES,
    MAX_JAN,
    MAX_SKUS,
    MAX_UPSTREAM_DESCRIPTION,
    MAX_UPSTREAM_IMAGES,
    MAX_UPSTREAM_NAME,
    MAX_WEIGHT_G,
)
from shopsync_contracts.stored import read_stored
from shopsync_contracts.times import Time

Status = Literal["incomplete", "pending", "warehouse_missing", "sync_error", "in_review", "rejected", "synced"]
"""状態: 不足項目あり, 同期待ち, 倉庫未設定, 連携エラー, 審査中, 審査NG, 連携成功."""

ShownCentimetres = Annotated[int, Field(ge=0, le=MAX_CENTIMETRES)]
FieldNames = Annotated[tuple[FieldName, ...], CutTo(KEPT_FIELDS)]


class Dimensions(Body):
    """Package size in whole centimetres. A side that is not entered yet is null."""

    length: ShownCentimetres | None = None
    width: ShownCentimetres | None = None
    height: ShownCentimetres | None = None


class SnapshotContent(Body):
    """What a push would send. `price` is in whole yen, tax included, for the present sale form; null when unknown."""

    name: str = Field(max_length=MAX_UPSTREAM_NAME)
    description: str = Field(default="", max_length=MAX_UPSTREAM_DESCRIPTION)
    images: tuple[Url, ...] = Field(default=(), max_length=MAX_UPSTREAM_IMAGES)
    price: YenWithTax | None = None
    category_id: TiktokId | None = None
    brand_id: TiktokId | None = None
    package_weight_g: Annotated[int, Field(ge=0, le=MAX_WEIGHT_G)] | None = None
    package_dimensions_cm: Dimensions | None = None
    attributes: Attributes = ()
    size_chart_image: Url | None = None


class SnapshotSku(Body):
    """One SKU. `stock` is the tool's value, null while stock is unmanaged and none is entered (ST-7, ST-8)."""

    vertical_no: AxisNo
    horizontal_no: AxisNo
    vertical_name: ChoiceName = ""
    horizontal_name: ChoiceName = ""
    jan_code: str = Field(default="", max_length=MAX_JAN)
    price: YenWithTax | None = None
    stock: StockCount | None = None
    stock_unmanaged: bool = False
    tiktok_sku_id: TiktokId | None = None


class SnapshotError(Body):
    """Why the product is in sync_error, rejected or warehouse_missing.

    Also what the publisher or TikTok found wrong with an incomplete product, and what keeps a product off sale that
    passed its review.
    """

    code: FieldName
    message: LongText
    reasons: Reasons = ()


class RemovedUpstream(Body):
    """The enumeration that proved the product's absence, and when it completed."""

    enumeration_id: Id
    at: Time


class FormerListing(Body):
    """The TikTok listing of a deleted product with the same number (DL-13). It may still be in Seller Center."""

    tiktok_product_id: TiktokId
    deleted_at: Time = Field(description="when the earlier product was deleted from the tool")


class ProductSnapshot(ProductBody):
    """The merged product.

    `version` orders snapshots; `content_version` grows only when a push would send something else.
    """

    TYPE: ClassVar[str] = "product.snapshot"

    version: PositiveCount
    content_version: PositiveCount
    changed_at: Time
    sync_enabled: bool
    status: Status
    missing: FieldNames = ()
    error: SnapshotError | None = None
    removed_upstream: RemovedUpstream | None = None
    content: SnapshotContent
    skus: tuple[SnapshotSku, ...] = Field(max_length=MAX_SKUS)
    axes: Axes | None = Field(default=None, description="names of the variation axes in use")
    edited_fields: FieldNames = ()
    overwritten_edits: FieldNames = ()
    upstream_updated_at: Time | None = None
    tiktok_product_id: TiktokId | None = None
    pushed_content_version: Count | None = None
    live: bool = False
    former_listing: FormerListing | None = Field(
        default=None, description="set on a product registered again: sending it makes a second listing"
    )

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read a document of the `products` collection, with aware datetimes and lists, without its inner layers."""
        return read_stored(cls, document)
