"""The merged product as the catalogue shows it to everyone."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from shopsync_contracts.envelope import ProductBody
from shopsync_contracts.events.listing import Reason
from shopsync_contracts.events.tool import Attribute
from shopsync_contracts.events.upstream import Axes
from shopsync_contracts.fields import AxisNo, Body, Count, Time, Yen

Status = Literal["incomplete", "pending", "warehouse_missing", "sync_error", "in_review", "rejected", "synced"]
"""状態: 不足項目あり, 同期待ち, 倉庫未設定, 連携エラー, 審査中, 審査NG, 連携成功."""


class Dimensions(Body):
    """Package size in whole centimetres; null where a side is not yet entered."""

    length: int | None = None
    width: int | None = None
    height: int | None = None


class SnapshotContent(Body):
    """What a push would send. `price` in whole yen, tax included, sale form applied; null when it cannot be told."""

    name: str
    description: str = ""
    images: tuple[str, ...] = ()
    price: Yen | None = None
    category_id: str | None = None
    brand_id: str | None = None
    package_weight_g: int | None = None
    package_dimensions_cm: Dimensions | None = None
    attributes: tuple[Attribute, ...] = ()
    size_chart_image: str | None = None


class SnapshotSku(Body):
    """One SKU. `stock` is the tool's number, null while unmanaged stock has none (ST-7, ST-8)."""

    vertical_no: AxisNo
    horizontal_no: AxisNo
    vertical_name: str = ""
    horizontal_name: str = ""
    jan_code: str = ""
    price: Yen | None = None
    stock: Count | None = None
    stock_unmanaged: bool = False
    tiktok_sku_id: str | None = None


class SnapshotError(Body):
    """Why the product is in sync_error, rejected or warehouse_missing.

    Also what the publisher or TikTok found wrong in an incomplete one, and what holds up one that passed its review.
    """

    code: str
    message: str
    reasons: tuple[Reason, ...] = ()


class RemovedUpstream(Body):
    """The enumeration that proved the product's absence, and when it completed."""

    enumeration_id: str
    at: Time


class FormerListing(Body):
    """The TikTok listing that a deleted product of the same number had (DL-13): it may still be in Seller Center."""

    tiktok_product_id: str
    deleted_at: Time = Field(description="when the earlier product was deleted from the tool")


class ProductSnapshot(ProductBody):
    """The merged product.

    `version` orders snapshots; `content_version` grows only when a push would send something else.
    """

    TYPE: ClassVar[str] = "product.snapshot"

    version: int = Field(ge=1)
    content_version: int = Field(ge=1)
    changed_at: Time
    sync_enabled: bool
    status: Status
    missing: tuple[str, ...] = ()
    error: SnapshotError | None = None
    removed_upstream: RemovedUpstream | None = None
    content: SnapshotContent
    skus: tuple[SnapshotSku, ...]
    axes: Axes | None = Field(default=None, description="names of the variation axes in use")
    edited_fields: tuple[str, ...] = ()
    overwritten_edits: tuple[str, ...] = ()
    upstream_updated_at: Time | None = None
    tiktok_product_id: str | None = None
    pushed_content_version: int | None = None
    live: bool = False
    former_listing: FormerListing | None = Field(
        default=None, description="set on a product registered again: sending it makes a second listing"
    )

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read a document of the `products` collection (aware datetimes, lists); its inner layers are ignored."""
        return cls.model_validate(document, strict=False)
