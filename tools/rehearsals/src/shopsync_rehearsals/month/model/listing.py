"""A product's listing in Seller Center, in the state that the rules ask for."""

from dataclasses import dataclass, field
from enum import StrEnum

from shopsync_rehearsals.month.model.observation import SkuKey


class Sale(StrEnum):
    """The state of a listing."""

    REVIEWING = "reviewing"
    LIVE = "live"
    REJECTED = "rejected"
    HIDDEN = "hidden"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a push sends besides stock. `rest` (texts, images, package, category) is only compared for equality."""

    title: str
    prices: dict[SkuKey, int | None]
    rest: object

    def reads_like(self, other: "Offer | None") -> bool:
        """Whether a reviewer would see no difference: prices are not reviewed."""
        return other is not None and (self.title, self.rest) == (other.title, other.rest)


@dataclass(slots=True)
class Listing:
    """One listing. `offer` is its newest content, `live` the content on sale, `stock` what a buyer can order.

    `sent`: the SKUs whose stock has been sent (ST-3, ST-11). `retitled`: the seller has changed the title since the
    last push. `tiktok_id` and `ids` (TikTok's SKU id → SKU) are recorded when first seen, and may not change.
    """

    offer: Offer
    stock: dict[SkuKey, int]
    sale: Sale = Sale.REVIEWING
    live: Offer | None = None
    sent: set[SkuKey] = field(default_factory=set)
    retitled: bool = False
    tiktok_id: str | None = None
    ids: dict[str, SkuKey] = field(default_factory=dict)

    @property
    def on_sale(self) -> bool:
        """Whether a buyer sees it now."""
        return self.live is not None and self.sale is not Sale.DELETED and self.sale is not Sale.HIDDEN

    def edit(self, offer: Offer, stock: dict[SkuKey, int]) -> None:
        """RB-3: the tool's values replace the content. Stock is set only for SKUs that never had any (ST-3, ST-11)."""
        self.stock = {key: self.stock.get(key, stock.get(key, 0)) for key in offer.prices}  # VA-6, Q13
        self.sent |= offer.prices.keys()
        self.offer, self.retitled = offer, False
        # Only new content is reviewed: what is already on sale passes as it is.
        self.sale = Sale.LIVE if self.on_sale and offer.reads_like(self.live) else Sale.REVIEWING

    def relist(self) -> None:
        """LY-6, RB-10: it goes back on sale through a review."""
        self.sale, self.live = Sale.REVIEWING, None

    def approve(self) -> None:
        self.sale, self.live = Sale.LIVE, self.offer

    def reject(self) -> None:
        """A product that was on sale stays on sale with its old content."""
        self.sale = Sale.REJECTED

    def hide(self) -> None:
        """By the seller. Content under review becomes the content."""
        self.sale, self.live = Sale.HIDDEN, None

    def delete(self) -> None:
        """By the seller."""
        self.sale, self.live = Sale.DELETED, None
