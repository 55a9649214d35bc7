"""状態, exactly one of seven, and the fields that a product still lacks (SS-1 to SS-12, ED-4, Q9)."""

from collections.abc import Sequence

from catalog.rules.model import Members, PushOutcome, Record, Review, SkuStock
from shopsync_contracts.events import SnapshotError, Status
from shopsync_contracts.ownership import DIMENSIONS

# TikTok's raw status, which the publisher passes on as a reason. "deactivated" alone may also mean the seller hid it.
_BY_PLATFORM = "PLATFORM_DEACTIVATED"


def missing_fields(content: Members, skus: Sequence[Members], stock: Sequence[SkuStock]) -> list[str]:
    """Names of required fields that are blank, in the order in which the tool asks for them.

    Every SKU needs a price and stock, since all are sent together (VA-1). Stock is only needed until it has been sent
    (ST-3, ST-8). `stock` is in the order of `skus`.
    """
    size = content[DIMENSIONS]
    blank = {
        "name": not content["name"].strip(),
        "description": not content["description"].strip(),
        "images": not content["images"],
        "price": any(not sku["price"] for sku in skus),
        "category_id": not content["category_id"],
        "brand_id": not content["brand_id"],
        "package_weight_g": not content["package_weight_g"],
        DIMENSIONS: size is None or not all(size.values()),
        "stock": any(one.sent is None and not one.quantity for one in stock),
    }
    return [name for name, is_blank in blank.items() if is_blank]


def refused_fields(outcome: PushOutcome | None, content_version: int) -> tuple[str, ...]:
    """Fields that the publisher found missing in this content version, such as required attributes of the category."""
    return outcome.missing if outcome is not None and _is_refused(outcome, content_version) else ()


def _is_refused(outcome: PushOutcome, content_version: int) -> bool:
    return outcome.kind == "incomplete" and outcome.content_version == content_version


def status_of(record: Record, content_version: int, missing: Sequence[str]) -> tuple[Status, SnapshotError | None]:
    """The 状態, and the reason for it.

    Before sending: 不足項目あり > 倉庫未設定 > 同期待ち (SS-3). 倉庫未設定 stays until a push says otherwise (SS-9).
    TikTok's answer only counts for the content that it was about. Newer content is 同期待ち again (SS-8).
    """
    outcome = record.listing.outcome
    if missing:
        # A blank field needs no explanation. What the publisher or TikTok found wrong comes with one (ED-8).
        return "incomplete", outcome.error if outcome is not None and _is_refused(outcome, content_version) else None
    if outcome is None:
        return "pending", None
    if outcome.kind == "warehouse_missing":
        return "warehouse_missing", outcome.error
    if outcome.content_version != content_version:
        return "pending", None
    if outcome.kind == "sync_error":
        return "sync_error", outcome.error
    review = record.listing.review
    return ("pending", None) if review is None else _reviewed(review)


def _reviewed(review: Review) -> tuple[Status, SnapshotError | None]:
    match review.state:
        case "in_review" | "draft" | "pre_approved":
            # It passed the review, but is not on sale until the merchant does what the reasons say (Q10).
            is_held = review.state == "pre_approved" and bool(review.reasons)
            return "in_review", _error(review, "") if is_held else None
        case "deactivated" if _is_by_platform(review):
            return "sync_error", _error(review, "TikTok has taken the listing off sale; see Seller Center")
        case "live" | "approved" | "deactivated":
            return "synced", None
        case "rejected":
            return "rejected", _error(review, "TikTok's review rejected the product; see Seller Center for details")
        case "frozen":
            return "sync_error", _error(review, "TikTok has frozen the listing; see Seller Center")
        case "deleted":
            return "sync_error", _error(
                review, "the listing was deleted in Seller Center; it is not made again by itself"
            )


def _is_by_platform(review: Review) -> bool:
    """Whether TikTok took it off sale, which needs the merchant. Hidden by the seller it is still synced (SS-12)."""
    return any(reason.reason == _BY_PLATFORM for reason in review.reasons)


def _error(review: Review, fallback: str) -> SnapshotError:
    """TikTok's own words if there are any: merchants complain about hidden reasons (SS-10)."""
    told = "; ".join(reason.reason for reason in review.reasons if reason.reason)
    return SnapshotError(code=review.state, message=told or fallback, reasons=review.reasons)
