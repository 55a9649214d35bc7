"""The merged product as the catalogue shows it to everyone."""

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
    FieldName,
    FromOne,
    Id,
    Kept,
    ShownYen,
    StockCount,
    TiktokId,
    Url,
    Words,
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
FieldNames = Annotated[tuple[FieldName, ...], Kept(KEPT_FIELDS)]


class Dimensions(Body):
    """Package size in whole centimetres; null where a side is not yet entered."""

    length: ShownCentimetres | None = None
    width: ShownCentimetres | None = None
    height: ShownCentimetres | None = None


class SnapshotContent(Body):
    """What a push would send. `price` in whole yen, tax included, sale form applied; null when it cannot be told."""

    name: str = Field(max_length=MAX_UPSTREAM_NAME)
    description: str = Field(default="", max_length=MAX_UPSTREAM_DESCRIPTION)
    images: tuple[Url, ...] = Field(default=(), max_length=MAX_UPSTREAM_IMAGES)
    price: ShownYen | None = None
    category_id: TiktokId | None = None
    brand_id: TiktokId | None = None
    package_weight_g: Annotated[int, Field(ge=0, le=MAX_WEIGHT_G)] | None = None
    package_dimensions_cm: Dimensions | None = None
    attributes: Attributes = ()
    size_chart_image: Url | None = None


class SnapshotSku(Body):
    """One SKU. `stock` is the tool's number, null while unmanaged stock has none (ST-7, ST-8)."""

    vertical_no: AxisNo
    horizontal_no: AxisNo
    vertical_name: ChoiceName = ""
    horizontal_name: ChoiceName = ""
    jan_code: str = Field(default="", max_length=MAX_JAN)
    price: ShownYen | None = None
    stock: StockCount | None = None
    stock_unmanaged: bool = False
    tiktok_sku_id: TiktokId | None = None


class SnapshotError(Body):
    """Why the product is in sync_error, rejected or warehouse_missing.

    Also what the publisher or TikTok found wrong in an incomplete one, and what holds up one that passed its review.
    """

    code: FieldName
    message: Words
    reasons: Reasons = ()


class RemovedUpstream(Body):
    """The enumeration that proved the product's absence, and when it completed."""

    enumeration_id: Id
    at: Time


class FormerListing(Body):
    """The TikTok listing that a deleted product of the same number had (DL-13): it may still be in Seller Center."""

    tiktok_product_id: TiktokId
    deleted_at: Time = Field(description="when the earlier product was deleted from the tool")


class ProductSnapshot(ProductBody):
    """The merged product.

    `version` orders snapshots; `content_version` grows only when a push would send something else.
    """

    TYPE: ClassVar[str] = "product.snapshot"

    version: FromOne
    content_version: FromOne
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
        """Read a document of the `products` collection (aware datetimes, lists); its inner layers are ignored."""
        return read_stored(cls, document)
