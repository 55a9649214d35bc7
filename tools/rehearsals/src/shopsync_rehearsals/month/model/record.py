"""One product of the tool, as the rules say it should stand. Numbers of the rules stand at what they cause."""

from dataclasses import dataclass, field
from typing import Any

from shopsync_rehearsals.month.model.listing import Listing, Offer, Sale
from shopsync_rehearsals.month.model.observation import Said, SkuKey

REQUIRED = ("category_id", "package_weight_g", "package_dimensions_cm", "brand_id", "attributes")
"""Q9, stock apart."""

TOOL_ONLY = REQUIRED
UPSTREAM_OWNED = ("name", "description", "price")


@dataclass(slots=True)
class Record:
    """A product in the tool.

    `removed`: its absence upstream is proven; None when the rules leave it open. `dirty`: a push would send something
    else than the last one did, or there was none.
    """

    said: Said
    stock: dict[SkuKey, int | None]
    edits: dict[str, Any] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)
    on: bool = False  # Q1, TG-4
    removed: bool | None = False
    dirty: bool = True
    listing: Listing | None = None
    former: bool = False

    @classmethod
    def new(cls, said: Said, *, former: bool) -> "Record":
        """RA-3, ST-1: the first import brings stock; OFF until the merchant says otherwise."""
        return cls(said, {key: sku.stock for key, sku in said.skus.items()}, former=former)

    # What the merchant sees ---------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return str(self.edits.get("name", self.said.name))

    @property
    def description(self) -> str:
        return str(self.edits.get("description", self.said.description))

    @property
    def price(self) -> int | None:
        edited: int | None = self.edits.get("price")
        return self.said.price if edited is None else edited

    def prices(self) -> dict[SkuKey, int | None]:
        """Q7: a SKU's own price where it has one; a price given in the tool is every SKU's."""
        if "price" in self.edits:
            return dict.fromkeys(self.said.skus, self.price)
        return {key: self.price if sku.price is None else sku.price for key, sku in self.said.skus.items()}

    def offer(self) -> Offer:
        """What a push would send."""
        names = tuple((key, sku.names) for key, sku in self.said.skus.items())
        rest = (self.description, self.said.images, names, tuple(sorted(self.own.items(), key=lambda item: item[0])))
        return Offer(self.name, self.prices(), rest)

    def missing(self) -> bool:
        """ED-4, ST-8, Q9: something required is blank, or a SKU that was never sent has no stock."""
        sent = self.listing.sent if self.listing else set()
        unsold = any((self.stock[key] or 0) < 1 for key in self.said.skus if key not in sent)
        return unsold or any(self.own.get(name) is None for name in REQUIRED) or None in self.prices().values()

    def statuses(self) -> frozenset[str]:
        """状態: one where the rules determine it, more where they leave it open."""
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

    def observe(self, said: Said, *, overwrite_all: bool) -> None:
        """An import has read it. Rule A decides whether it is overwritten."""
        self.removed = False  # DL-14: it is there
        newer = said.updated_at > self.said.updated_at  # RA-1, RA-6, NV-10
        switched = said.preorder != self.said.preorder  # Q8
        if overwrite_all or newer or switched:  # RA-2
            self._overwrite(said)

    def _overwrite(self, said: Said) -> None:
        before = self._content()
        self.said = said
        self.edits.clear()  # LY-2; what the tool alone has stays (ED-7), and so does the switch (TG-7)
        # ST-1, ST-2, ST-9, Q5: known SKUs keep their stock, new ones bring theirs, lost ones go (VA-6).
        self.stock = {key: self.stock.get(key, sku.stock) for key, sku in said.skus.items()}
        self._note(before)

    def edit(self, changes: dict[str, Any]) -> None:
        """ED-1, ED-6: what is named changes; null drops the edit of an upstream value, or clears a tool-only one."""
        before = self._content()
        for name, value in changes.items():
            target = self.edits if name in UPSTREAM_OWNED else self.own
            if value is None:
                target.pop(name, None)
            else:
                target[name] = value
        self._note(before)

    def set_stock(self, key: SkuKey, quantity: int) -> None:
        """ST-10: the merchant's number stands. Once the SKU is sent it changes nothing in Seller Center."""
        if key in self.stock:
            self.stock[key] = quantity

    def _content(self) -> tuple[Offer, int | None]:
        """What leads back to 同期待ち when it changes (SS-8): the product's price too, if every SKU has its own."""
        return self.offer(), self.price

    def _note(self, before: tuple[Offer, int | None]) -> None:
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
        if offer != listing.offer or (listing.sale is Sale.REJECTED and by_hand):  # RB-9; RB-2: a hand insists
            listing.edit(offer, numbers)
        if was_hidden:
            listing.relist()
