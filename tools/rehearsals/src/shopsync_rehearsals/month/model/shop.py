"""The whole shop, in the state that the rules ask for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shopsync_rehearsals.month.model.listing import Listing, Offer, Sale
from shopsync_rehearsals.month.model.observation import SkuKey, observe
from shopsync_rehearsals.month.model.record import Record
from shopsync_sandbox.shop import Product


@dataclass(slots=True)
class Model:
    """`upstream`: what the merchant has registered in futureshop. `records`: what the tool should hold.

    `origin` is futureshop's address, `mode` is 連携設定. `buried`: products deleted from the tool, and whether Seller
    Center may still hold a listing of that number. `orphans`: those listings, which nothing may touch any more (DL-5).
    """

    origin: str
    mode: str = "manual"
    upstream: dict[str, Product] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    buried: dict[str, bool] = field(default_factory=dict)
    orphans: list[tuple[str, Listing]] = field(default_factory=list)

    # futureshop ---------------------------------------------------------------------------------------------

    def registered(self, product: Product) -> None:
        """A product was added or changed in futureshop. The tool does not know it yet."""
        self.upstream[product.product_no] = product

    def unregistered(self, product_no: str) -> None:
        """A product was deleted in futureshop."""
        del self.upstream[product_no]

    def unproven(self) -> list[str]:
        """Products whose absence no enumeration has proven yet."""
        return [number for number, record in self.records.items() if number not in self.upstream and not record.removed]

    # Imports and the night ----------------------------------------------------------------------------------

    def imported(self, seen: Collection[str], at: datetime, *, overwrite_all: bool, proves: bool | None) -> None:
        """An import has read these products. `proves`: it read the whole shop; None where the rules leave that open."""
        for number in seen:
            observed = observe(self.upstream[number], at, self.origin)
            if number in self.records:
                self.records[number].observe(observed, overwrite_all=overwrite_all)
            else:
                # DL-13: the number may have been in the tool before; nothing of it comes back.
                self.records[number] = Record.new(observed, former=self.buried.pop(number, False))
        self.enumerated(proves)

    def enumerated(self, proves: bool | None) -> None:
        """DL-9, DL-10: only a complete listing shows that something is gone."""
        for number, record in self.records.items():
            if number not in self.upstream and proves is not False:
                record.removed = True if proves else record.removed or None
            elif number in self.upstream and proves is not False and record.removed:
                record.removed = None  # it exists again; the rules do not say whether an enumeration alone shows that

    def night(self, *, proven: bool) -> list[str]:
        """The nightly sweep. Returns the products it deletes."""
        if not proven:
            return []  # NV-9
        self.enumerated(proves=True)
        # DL-1, DL-2, DL-4, DL-6, DL-8: gone upstream and OFF, whatever the status.
        gone = [number for number, record in self.records.items() if number not in self.upstream and not record.on]
        for number in gone:
            self._bury(number, self.records.pop(number))
        return gone

    def _bury(self, number: str, record: Record) -> None:
        self.buried[number] = record.former or record.listing is not None
        if record.listing is not None:
            self.orphans.append((number, record.listing))  # DL-5

    # The merchant in the tool -------------------------------------------------------------------------------

    def edited(self, product_no: str, changes: Mapping[str, Any]) -> None:
        """ED-1."""
        self.records[product_no].edit(dict(changes))

    def stocked(self, product_no: str, key: SkuKey, quantity: int) -> None:
        """ST-10."""
        self.records[product_no].set_stock(key, quantity)

    def switched(self, product_no: str, *, on: bool) -> None:
        """TG-1…5."""
        self.records[product_no].on = on

    def synced(self, product_nos: Collection[str] | None, *, by_hand: bool) -> None:
        """RB-1, RB-2: the named products, or all."""
        for number, record in self.records.items():
            if product_nos is None or number in product_nos:
                record.push(by_hand=by_hand)

    # Seller Center ------------------------------------------------------------------------------------------

    def reviewing(self) -> list[str]:
        """Products with a listing that waits for the reviewer."""
        listings = self.listings()
        return sorted(number for number, listing in listings.items() if listing.sale is Sale.REVIEWING)

    def listings(self) -> dict[str, Listing]:
        """The listings of products in the tool."""
        return {number: record.listing for number, record in self.records.items() if record.listing is not None}

    def retitled(self, product_no: str, title: str) -> None:
        """LY-3: the seller's title passes its review and is kept until the next push."""
        listing = self.listings()[product_no]
        listing.offer = listing.live = Offer(title, listing.offer.prices, listing.offer.rest)
        listing.retitled = True
