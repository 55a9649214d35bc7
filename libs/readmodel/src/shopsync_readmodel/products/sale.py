"""Whether TikTok Shop sells a product now, and with which content. Pure.

The catalogue's `live` alone tells whether buyers see the listing. 状態 is about the newest content: while that waits,
is in review or was rejected, the former content stays on sale.
"""

from enum import StrEnum
from typing import Final

from shopsync_contracts.events import ProductSnapshot
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.stored.layers import Review
from shopsync_runtime.mongo import Document

_BY_PLATFORM: Final = "PLATFORM_DEACTIVATED"
"""TikTok's raw status among the reasons: taken off sale by TikTok Shop, not by the seller (SS-12)."""

HIDDEN_QUERY: Final[Document] = {
    "live": {"$ne": True},
    "listing.review.state": "deactivated",
    "listing.review.reasons.reason": {"$ne": _BY_PLATFORM},
}
"""`is_hidden` for MongoDB."""


class Sale(StrEnum):
    """What buyers see. The last three: the listing is on sale with a former content, and what became of the newer."""

    OFF = "off"
    HIDDEN = "hidden"
    ON = "on"
    NEWER_UNSENT = "newer_unsent"
    NEWER_IN_REVIEW = "newer_in_review"
    NEWER_REJECTED = "newer_rejected"

    @property
    def is_on(self) -> bool:
        """Whether buyers see the listing."""
        return self not in (Sale.OFF, Sale.HIDDEN)

    @property
    def is_former(self) -> bool:
        """Whether what they see is not what the tool has."""
        return self.is_on and self is not Sale.ON


def is_hidden(review: Review | None, *, live: bool) -> bool:
    """Whether the seller hid the listing in Seller Center; a sync puts it on sale again (LY-6)."""
    return not live and review is not None and review.state == "deactivated" and _BY_PLATFORM not in review.reasons


def sale_of(found: StoredProduct, snapshot: ProductSnapshot) -> Sale:
    """As the last push and TikTok's last notice left it."""
    review = found.layers.listing.review
    if not snapshot.live:
        return Sale.HIDDEN if is_hidden(review, live=False) else Sale.OFF
    if snapshot.pushed_content_version != snapshot.content_version:
        return Sale.NEWER_UNSENT
    match None if review is None else review.state:
        case "in_review" | "draft" | "pre_approved":
            return Sale.NEWER_IN_REVIEW
        case "rejected":
            return Sale.NEWER_REJECTED
        case _:
            return Sale.ON
