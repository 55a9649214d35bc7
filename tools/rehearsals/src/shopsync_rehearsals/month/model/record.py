"""One product in the tool, in the state that the rules ask for. Each line cites the rule behind it."""

from dataclasses import dataclass, field
from typing import Any

from shopsync_rehearsals.month.model.listing import Listing, Offer, Sale
from shopsync_rehearsals.month.model.observation import Observation, SkuKey

REQUIRED = ("category_id", "package_weight_g", "package_dimensions_cm", "brand_id", "attributes")
"""Q9, stock apart."""

TOOL_ONLY = REQUIRED
UPSTREAM_OWNED = ("name", "description", "price")


@dataclass(slots=True)
class Record:
    """A product in the tool.

    `removed`: its absence upstream is proven; None when the rules leave it open. `dirty`: a push would send something
    new, or there was no push yet. `own`: the values of the tool-only fields.
    """

    observed: Observation
    stock: dict[SkuKey, int | None]
    edits: dict[str, Any] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)
    on: bool = False  # Q1, TG-4
    removed: bool | None = False
    dirty: bool = True
    listing: Listing | None = None
    former: bool = False

    @classmethod
    def new(cls, observed: Observation, *, former: bool) -> "Record":
        """RA-3, ST-1: the first import brings stock. The product is OFF until the merchant switches it ON."""
        return cls(observed, {key: sku.stock for key, sku in observed.skus.items()}, former=former)

    # What the merchant sees ---------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return str(self.edits.get("name", self.observed.name))

    @property
    def description(self) -> str:
        return str(self.edits.get("description", self.observed.description))

    @property
    def price(self) -> int | None:
        edited: int | None = self.edits.get("price")
        return self.observed.price if edited is None else edited

    def prices(self) -> dict[SkuKey, int | None]:
        """Q7: a SKU's own price where it has one. A price edited in the tool applies to every SKU."""
        if "price" in self.edits:
            return dict.fromkeys(self.observed.skus, self.price)
        return {key: self.price if sku.price is None else sku.price for key, sku in self.observed.skus.items()}

    def offer(self) -> Offer:
        """What a push would send."""
        names = tuple((key, sku.names) for key, sku in self.observed.skus.items())
        rest = (
            self.description,
            self.observed.images,
            names,
            tuple(sorted(self.own.items(), key=lambda item: item[0])),
        )
        return Offer(self.name, self.prices(), rest)

    def missing(self) -> bool:
        """ED-4, ST-8, Q9: something required is blank, or a SKU that was never sent has no stock."""
        sent = self.listing.sent if self.listing else set()
        no_stock = any((self.stock[key] or 0) < 1 for key in self.observed.skus if key not in sent)
        return no_stock or any(self.own.get(name) is None for name in REQUIRED) or None in self.prices().values()

    def statuses(self) -> frozenset[str]:
        """The possible values of 状態: one where the rules decide, more where they leave it open."""
        if self.missing():
            return frozenset({"incomplete"})  # SS-3, SS-4, SS-5
        if self.listing is None or self.dirty:
            return frozenset({"pending"})  # SS-4, SS-8
        shown = {
            Sale.REVIEWING: "in_review",  # SS-6
            Sale.LIVE: "synced",  # SS-7
            Sale.REJECTED: "rejected",  # SS-7
            Sale.HIDDEN: "synced",  # SS-12
            Sale.DELETED: "sync_error",  # SS-12, Q12
        }
        return frozenset({shown[self.listing.sale]})

    # What happens to it -------------------------------------------------------------------------------------

    def observe(self, observed: Observation, *, overwrite_all: bool) -> None:
        """An import has read the product. Rule A decides whether it is overwritten."""
        self.removed = False  # DL-14: it exists
        newer = observed.updated_at > self.observed.updated_at  # RA-1, RA-6, NV-10
        switched = observed.preorder != self.observed.preorder  # Q8
        if overwrite_all or newer or switched:  # RA-2
            self._overwrite(observed)

    def _overwrite(self, observed: Observation) -> None:
        before = self._content()
        self.observed = observed
        self.edits.clear()  # LY-2; tool-only values stay (ED-7), and so does 連携対象 (TG-7)
        # ST-1, ST-2, ST-9, Q5: known SKUs keep their stock, new ones bring theirs, missing ones are dropped (VA-6).
        self.stock = {key: self.stock.get(key, sku.stock) for key, sku in observed.skus.items()}
        self._mark_if_changed(before)

    def edit(self, changes: dict[str, Any]) -> None:
        """ED-1, ED-6: named fields change. Null removes the edit of an upstream value, or clears a tool-only value."""
        before = self._content()
        for name, value in changes.items():
            target = self.edits if name in UPSTREAM_OWNED else self.own
            if value is None:
                target.pop(name, None)
            else:
                target[name] = value
        self._mark_if_changed(before)

    def set_stock(self, key: SkuKey, quantity: int) -> None:
        """ST-10: the merchant's number is kept. Once the SKU has been sent it changes nothing in Seller Center."""
        if key in self.stock:
            self.stock[key] = quantity

    def _content(self) -> tuple[Offer, int | None]:
        """What a change of leads back to 同期待ち (SS-8). The product's price counts even if every SKU has its own."""
        return self.offer(), self.price

    def _mark_if_changed(self, before: tuple[Offer, int | None]) -> None:
        if self._content() != before:
            self.dirty = True

    def push(self, *, by_hand: bool) -> None:
        """Rule B, for a product that is ON (RB-4, TG-6)."""
        if not self.on or self.missing():  # NV-4, ED-5, NV-11
            return
        offer = self.offer()
        numbers = {key: number for key, number in self.stock.items() if number is not None}
        if self.listing is None:
            self.listing = Listing(offer, {key: numbers[key] for key in offer.prices}, sent=set(offer.prices))
        else:
            self._push_again(self.listing, offer, numbers, by_hand=by_hand)
        self.dirty = False

    @staticmethod
    def _push_again(listing: Listing, offer: Offer, numbers: dict[SkuKey, int], *, by_hand: bool) -> None:
        if listing.sale is Sale.DELETED:
            return  # Q12, NV-8
        was_hidden = listing.sale is Sale.HIDDEN
        if offer != listing.offer or (
            listing.sale is Sale.REJECTED and by_hand
        ):  # RB-9; RB-2: a manual sync sends again
            listing.edit(offer, numbers)
        if was_hidden:
            listing.relist()
