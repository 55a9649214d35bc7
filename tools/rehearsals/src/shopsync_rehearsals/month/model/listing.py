"""What Seller Center should hold of one product."""

from dataclasses import dataclass, field
from enum import StrEnum

from shopsync_rehearsals.month.model.observation import SkuKey


class Sale(StrEnum):
    """Where a listing stands."""

    REVIEWING = "reviewing"
    LIVE = "live"
    REJECTED = "rejected"
    HIDDEN = "hidden"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a push sends besides stock. `rest` is compared only for being the same: texts, images, package, category."""

    title: str
    prices: dict[SkuKey, int | None]
    rest: object

    def reads_like(self, other: "Offer | None") -> bool:
        """Equal for a reviewer, who is not asked about prices."""
        return other is not None and (self.title, self.rest) == (other.title, other.rest)


@dataclass(slots=True)
class Listing:
    """One listing. `offer` is the newest content there, `live` the content on sale; `stock` what a buyer may order.

    `sent` are the SKUs whose stock has crossed (ST-3, ST-11). `retitled`:
    the seller has changed the title since the last push. `tiktok_id` and `ids` (TikTok's SKU id → SKU) are learnt when
    first seen, and may not change.
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
        """A buyer sees it now."""
        return self.live is not None and self.sale is not Sale.DELETED and self.sale is not Sale.HIDDEN

    def edit(self, offer: Offer, stock: dict[SkuKey, int]) -> None:
        """RB-3: the tool's values replace what is there; stock only of SKUs that never had any (ST-3, ST-11)."""
        self.stock = {key: self.stock.get(key, stock.get(key, 0)) for key in offer.prices}  # VA-6, Q13
        self.sent |= offer.prices.keys()
        self.offer, self.retitled = offer, False
        # The reviewer is asked about news only: what is on sale already passes as it is.
        self.sale = Sale.LIVE if self.on_sale and offer.reads_like(self.live) else Sale.REVIEWING

    def relist(self) -> None:
        """LY-6, RB-10: back on sale by way of a review."""
        self.sale, self.live = Sale.REVIEWING, None

    def approve(self) -> None:
        self.sale, self.live = Sale.LIVE, self.offer

    def reject(self) -> None:
        """What was on sale stays on sale with the old content."""
        self.sale = Sale.REJECTED

    def hide(self) -> None:
        """By the seller. What was under review is the content now."""
        self.sale, self.live = Sale.HIDDEN, None

    def delete(self) -> None:
        """By the seller."""
        self.sale, self.live = Sale.DELETED, None
