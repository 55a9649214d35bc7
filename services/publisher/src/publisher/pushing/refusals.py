"""What a permanent refusal is reported as: status, the field at fault and what helps (ED-8, Q9). Pure."""

from datetime import datetime
from typing import Literal

from publisher.errors import (
    ContentRefused,
    ImageUnusable,
    MemberRefused,
    ProductGone,
    PublisherError,
    Refused,
    WarehouseUnusable,
)
from publisher.ids import derived_id
from publisher.model import ContentRefusal, Intent, Job
from publisher.pushing.facts import known
from publisher.pushing.machine import DELETED, Fail
from publisher.tiktok.hints import Hint, hint_of
from shopsync_contracts.events import ProductSnapshot, PushFailed

IMAGE_FORGOTTEN = frozenset({"12052300", "12052340", "12052722"})
"""TikTok no longer knows an uploaded image: it has to be uploaded again."""
STATUS_FORBIDS = "12052901"
"""The listing's state does not allow the call."""
SKU_OF_ANOTHER_PRODUCT = "12052557"
"""A SKU id of ours is not this product's (any more)."""
_IN_PRODUCT = frozenset({"image_address"})
_IDS = frozenset({"brand_id", "category_id"})
"""Fields whose value is one id: the report names it, since TikTok's words do not always."""


def refusal_of(error: PublisherError, product: ProductSnapshot | None = None) -> Fail:
    """The failure to report. `product`: the one that was refused.

    `incomplete` only where editing the product helps: such a product is not sent again before it changes (ED-5).
    TikTok's words come first and unchanged.
    """
    if isinstance(error, ProductGone):
        return DELETED
    if isinstance(error, WarehouseUnusable):
        return Fail("warehouse_missing", error.code, error.message)
    if isinstance(error, ContentRefused):
        return Fail("incomplete", error.code, error.message, missing=error.fields)
    if isinstance(error, ImageUnusable):
        return Fail(
            _status(error.code in _IN_PRODUCT), error.code, f"{error.field}: {error.message}", missing=(error.field,)
        )
    hint = _hint(error)
    if hint is None:
        return Fail("sync_error", error.code, error.message)
    text = f"{error.message} ({_named(hint.field, product)}: {hint.advice})"
    return Fail(_status(hint.in_product), error.code, text, missing=(hint.field,))


def content_refusal(error: PublisherError, intent: Intent, now: datetime) -> ContentRefusal | None:
    """A refusal that the same content would get again; None for those about the listing, its state or the warehouse."""
    is_of_content = isinstance(error, Refused) and not isinstance(error, ProductGone | WarehouseUnusable)
    if not is_of_content or error.code in {STATUS_FORBIDS, SKU_OF_ANOTHER_PRODUCT, *IMAGE_FORGOTTEN}:
        return None
    return ContentRefusal(intent.fingerprint, error.code, error.message, now)


def unclear_refusal(intent: Intent, now: datetime) -> ContentRefusal:
    """An unknown answer, once it is known that nothing was done: the same command does not send it again."""
    answer = known(intent.answer)
    return ContentRefusal(intent.fingerprint, answer.code, answer.message, now, answer.command_id)


def failure(job: Job, product: ProductSnapshot | None, step: Fail) -> PushFailed:
    """The event that tells why a product was not sent."""
    return PushFailed(
        shop_key=job.shop_key,
        product_no=job.product_no,
        content_version=product.content_version if product is not None else 0,
        status=step.status,
        code=step.code,
        message=step.message,
        missing=step.missing,
        attempts=job.attempts + 1,
        will_retry_at=step.until,
    )


def failure_id(job: Job, code: str) -> str:
    """The id that a repeat of this failure event carries."""
    return derived_id(job.command_id, job.id, job.attempts, "failed", code)


def _named(field: str, product: ProductSnapshot | None) -> str:
    value = getattr(product.content, field) if product is not None and field in _IDS else None
    return f"{field} {value}" if value else field


def _hint(error: PublisherError) -> Hint | None:
    if isinstance(error, MemberRefused):
        return Hint(error.field, f"TikTok Shop finds {error.member} missing or of a wrong form", in_product=False)
    return hint_of(error.code, error.message)


def _status(in_product: bool) -> Literal["incomplete", "sync_error"]:
    return "incomplete" if in_product else "sync_error"
