"""What the publisher reports about a product on TikTok Shop, and the command that starts a push."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shopsync_contracts.envelope import ProductBody
from shopsync_contracts.fields import (
    AxisNo,
    Body,
    Count,
    CutTo,
    FieldName,
    Id,
    LongText,
    StockCount,
    TiktokId,
)
from shopsync_contracts.limits import KEPT_ENTRIES, KEPT_FIELDS, MAX_SKUS
from shopsync_contracts.times import Time

PushReason = Literal["manual", "auto", "scheduled", "redrive"]
PushAction = Literal["created", "edited", "relisted", "unchanged"]
ReviewAfterPush = Literal["in_review", "live", "draft"]
ReviewState = Literal["approved", "rejected", "pre_approved", "deactivated", "frozen", "deleted"]
PushFailureStatus = Literal["sync_error", "warehouse_missing", "incomplete"]
SkipReason = Literal["sync_disabled", "not_found", "incomplete", "not_authorized"]


class PushRequested(ProductBody):
    """Send this product. The publisher reads its content and 連携対象 when it executes the command (TG-6)."""

    TYPE: ClassVar[str] = "push.requested"

    reason: PushReason
    sync_id: Id | None = None


class SkuSent(Body):
    """One SKU of the listing. `stock_sent` is the stock in this push, null when it was left out (ST-3)."""

    vertical_no: AxisNo
    horizontal_no: AxisNo
    tiktok_sku_id: TiktokId
    stock_sent: StockCount | None = None


class PushSucceeded(ProductBody):
    """TikTok accepted the product."""

    TYPE: ClassVar[str] = "push.succeeded"

    content_version: Count
    action: PushAction
    tiktok_product_id: TiktokId
    skus: tuple[SkuSent, ...] = Field(default=(), max_length=MAX_SKUS)
    review: ReviewAfterPush
    warnings: Annotated[tuple[LongText, ...], CutTo(KEPT_ENTRIES)] = ()


class PushFailed(ProductBody):
    """TikTok, or our check before the call, refused the product. Waiting for rate or quota is not a failure (RB-11)."""

    TYPE: ClassVar[str] = "push.failed"

    content_version: Count
    status: PushFailureStatus
    code: FieldName
    message: LongText
    missing: Annotated[tuple[FieldName, ...], CutTo(KEPT_FIELDS)] = ()
    attempts: Count = 1
    will_retry_at: Time | None = None


class PushSkipped(ProductBody):
    """Nothing was sent; `why` names the cause."""

    TYPE: ClassVar[str] = "push.skipped"

    why: SkipReason


class Reason(Body):
    """One reason of TikTok's reviewer, word for word (SS-10)."""

    position: FieldName = ""
    reason: LongText = ""
    suggestion: LongText = ""


Reasons = Annotated[tuple[Reason, ...], CutTo(KEPT_ENTRIES)]


class ReviewChanged(ProductBody):
    """The listing's review or sale state changed at TikTok.

    `content_version` is that of the push that was reviewed, null when unknown (SS-11).
    """

    TYPE: ClassVar[str] = "review.changed"

    tiktok_product_id: TiktokId
    content_version: Count | None = None
    review: ReviewState
    reasons: Reasons = ()
    occurred_at: Time
