"""What the publisher reports about a product on TikTok Shop, and the command that starts it."""

from typing import ClassVar, Literal

from pydantic import Field

from shopsync_contracts.envelope import ProductBody
from shopsync_contracts.fields import AxisNo, Body, Count, Time

PushReason = Literal["manual", "auto", "scheduled", "redrive"]
PushAction = Literal["created", "edited", "relisted", "unchanged"]
ReviewAfterPush = Literal["in_review", "live", "draft"]
ReviewState = Literal["approved", "rejected", "pre_approved", "deactivated", "frozen", "deleted"]
PushFailureStatus = Literal["sync_error", "warehouse_missing", "incomplete"]
SkipReason = Literal["sync_disabled", "not_found", "incomplete", "not_authorized"]


class PushRequested(ProductBody):
    """Send this product. The publisher reads content and 連携対象 when it executes (TG-6)."""

    TYPE: ClassVar[str] = "push.requested"

    reason: PushReason
    sync_id: str | None = None


class SkuSent(Body):
    """One SKU of the listing. `stock_sent` is the number sent in this push, null when stock was left out (ST-3)."""

    vertical_no: AxisNo
    horizontal_no: AxisNo
    tiktok_sku_id: str
    stock_sent: Count | None = None


class PushSucceeded(ProductBody):
    """TikTok accepted the product."""

    TYPE: ClassVar[str] = "push.succeeded"

    content_version: Count
    action: PushAction
    tiktok_product_id: str
    skus: tuple[SkuSent, ...] = ()
    review: ReviewAfterPush
    warnings: tuple[str, ...] = ()


class PushFailed(ProductBody):
    """TikTok, or our check before calling it, refused the product. A wait for rate or quota is no failure (RB-11)."""

    TYPE: ClassVar[str] = "push.failed"

    content_version: Count
    status: PushFailureStatus
    code: str
    message: str
    missing: tuple[str, ...] = ()
    attempts: int = Field(default=1, ge=0)
    will_retry_at: Time | None = None


class PushSkipped(ProductBody):
    """Nothing was sent, and why."""

    TYPE: ClassVar[str] = "push.skipped"

    why: SkipReason


class Reason(Body):
    """One reason of TikTok's reviewer, word for word (SS-10)."""

    position: str = ""
    reason: str = ""
    suggestion: str = ""


class ReviewChanged(ProductBody):
    """The listing's review or sale state changed at TikTok.

    `content_version` is that of the push it judges, null when unknown (SS-11).
    """

    TYPE: ClassVar[str] = "review.changed"

    tiktok_product_id: str
    content_version: Count | None = None
    review: ReviewState
    reasons: tuple[Reason, ...] = ()
    occurred_at: Time
