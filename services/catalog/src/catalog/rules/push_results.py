"""TikTok's layer: push results and reviews. Stale ones are ignored (SS-6, SS-7, SS-11, SS-12)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from catalog.rules.model import Listing, PushOutcome, Record, Review, SkuNo
from catalog.rules.stock import forget_sent, mark_sent
from shopsync_contracts.events import PushFailed, PushSkipped, PushSucceeded, ReviewChanged, SnapshotError
from shopsync_contracts.times import to_the_millisecond

# Review notices have whole seconds of TikTok's clock, and may arrive before our own report of the push they follow.
NOTICE_SLACK = timedelta(seconds=5)
_REMEMBERED_RESULTS = 10

NOT_AUTHORIZED = SnapshotError(
    code="not_authorized",
    message="TikTok Shop authorisation is missing or has expired: authorise the shop again, then sync",
)


def push_succeeded(record: Record, result: PushSucceeded, event_id: str, time: datetime) -> Record:
    """TikTok accepted the product. A repeat, or a result for older content than the known one, changes no status.

    The stock that was sent is recorded in any case (ST-13).
    """
    listing = record.listing
    if event_id in listing.result_ids or result.content_version < record.first_content_version:
        return record
    if result.content_version < (listing.pushed_content_version or 0):
        same = listing.tiktok_product_id == result.tiktok_product_id
        return replace(record, stock=mark_sent(record.stock, result.skus)) if same else record
    stock, sku_ids = mark_sent(record.stock, result.skus), _sku_ids(listing, result)
    if result.action in ("created", "edited") and result.skus:
        stock = forget_sent(stock, sku_ids)
    return replace(
        record,
        stock=stock,
        listing=replace(
            listing,
            tiktok_product_id=result.tiktok_product_id,
            sku_ids=sku_ids,
            outcome=_newest_outcome(listing.outcome, PushOutcome(result.content_version, "accepted")),
            review=_review_after(listing, result),
            pushed_content_version=result.content_version,
            pushed_at=to_the_millisecond(time),
            live=_live_after(listing, result),
            result_ids=_remember(listing, event_id),
        ),
    )


def _newest_outcome(known: PushOutcome | None, outcome: PushOutcome) -> PushOutcome:
    return known if known is not None and known.content_version > outcome.content_version else outcome


def _sku_ids(listing: Listing, result: PushSucceeded) -> Mapping[SkuNo, str]:
    named = {(sku.vertical_no, sku.horizontal_no): sku.tiktok_sku_id for sku in result.skus}
    if not named:
        return listing.sku_ids if listing.tiktok_product_id == result.tiktok_product_id else {}
    return named if result.action in ("created", "edited") else {**listing.sku_ids, **named}


def _review_after(listing: Listing, result: PushSucceeded) -> Review:
    """A push starts a new review, unless the verdict came first, or nothing was sent and the reply adds nothing."""
    known = listing.review
    if known is not None and known.tiktok_product_id == result.tiktok_product_id:
        overtook = (
            known.occurred_at is not None
            and known.content_version == result.content_version
            and listing.pushed_content_version != result.content_version
        )
        if overtook or (result.action == "unchanged" and _adds_nothing(known, result)):
            return known
    return Review(result.review, result.tiktok_product_id, result.content_version)


def _adds_nothing(known: Review, result: PushSucceeded) -> bool:
    """Whether the reply only confirms TikTok's own notice, which has a time and reasons as well."""
    match known.state:
        case "approved":
            return result.review == "live"
        case "pre_approved":
            return result.review == "in_review"
        case "rejected":
            return result.review != "live"
        case _:
            return False


def _live_after(listing: Listing, result: PushSucceeded) -> bool:
    """Whether buyers see the listing. During the review of an edit the old content stays live, else nothing does."""
    review = _review_after(listing, result)
    if review.state in ("live", "approved"):
        return True
    return (
        listing.live
        and listing.tiktok_product_id == result.tiktok_product_id
        and result.action in ("edited", "unchanged")
    )


def push_failed(record: Record, result: PushFailed, event_id: str) -> Record:
    """TikTok, or our check before the call, refused. The failure of an older push does not replace a newer result."""
    listing = record.listing
    if event_id in listing.result_ids or result.content_version < record.first_content_version:
        return record
    if _is_stale(listing, result.content_version):
        return record
    error = SnapshotError(code=result.code, message=result.message)
    missing = (result.missing or (result.code,)) if result.status == "incomplete" else ()
    outcome = PushOutcome(result.content_version, result.status, error, missing)
    return replace(record, listing=replace(listing, outcome=outcome, result_ids=_remember(listing, event_id)))


def push_skipped(record: Record, result: PushSkipped, event_id: str, content_version: int) -> Record:
    """Only a missing authorisation changes the status, to 連携エラー with its cause (AU-5).

    The other causes follow from the product itself. `content_version` is the stored one, the newest that the publisher
    can have seen.
    """
    listing = record.listing
    if result.why != "not_authorized" or event_id in listing.result_ids:
        return record
    outcome = PushOutcome(content_version, "sync_error", NOT_AUTHORIZED)
    return replace(record, listing=replace(listing, outcome=outcome, result_ids=_remember(listing, event_id)))


def _is_stale(listing: Listing, content_version: int) -> bool:
    known = 0 if listing.outcome is None else listing.outcome.content_version
    return content_version < max(known, listing.pushed_content_version or 0)


def _remember(listing: Listing, event_id: str) -> tuple[str, ...]:
    return (*listing.result_ids, event_id)[-_REMEMBERED_RESULTS:]


def review_changed(record: Record, notice: ReviewChanged) -> Record:
    """Apply TikTok's notice if it is about the last push and not older than what is known (SS-11)."""
    listing = record.listing
    occurred_at = to_the_millisecond(notice.occurred_at)
    if _is_old_notice(record, notice, occurred_at):
        return record
    review = Review(notice.review, notice.tiktok_product_id, notice.content_version, notice.reasons, occurred_at)
    live = listing.live
    if listing.tiktok_product_id is not None:
        live = _live_by_notice(listing, notice)
    return replace(record, listing=replace(listing, review=review, reviewed_at=occurred_at, live=live))


def _is_old_notice(record: Record, notice: ReviewChanged, occurred_at: datetime) -> bool:
    listing = record.listing
    if listing.tiktok_product_id not in (None, notice.tiktok_product_id):
        return True
    if notice.content_version is not None and notice.content_version < max(
        record.first_content_version, listing.pushed_content_version or 0
    ):
        return True
    if listing.reviewed_at is not None:
        # After a new push, the earlier verdict must not be applied again, not even with the same timestamp.
        since_push = listing.review is None or listing.review.occurred_at is None
        if occurred_at < listing.reviewed_at or (since_push and occurred_at == listing.reviewed_at):
            return True
    return (
        notice.content_version is None
        and listing.pushed_at is not None
        and occurred_at < listing.pushed_at - NOTICE_SLACK
    )


def _live_by_notice(listing: Listing, notice: ReviewChanged) -> bool:
    match notice.review:
        case "approved":
            return True
        case "deactivated" | "frozen" | "deleted":
            return False
        case "rejected" | "pre_approved":
            return listing.live
