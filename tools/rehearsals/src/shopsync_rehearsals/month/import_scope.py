"""Which products an import could see: pages hidden by a fault, and the window of 更新日 it asked for."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self
from urllib.parse import parse_qs

from shopsync_rehearsals.month.world import PAGE, SHOP, World
from shopsync_sandbox.futureshop.journal import Entry
from shopsync_sandbox.shop import JST, Product

FAILING = ("status", "failed", "malformed_json")
"""Faults that the import notices: it fails at that page."""

SHORTENING = ("end_early", "empty_page")
"""Faults that it can notice only by the small number of products (DL-10)."""


class Fault:
    """A fault of futureshop's product listing while the block runs: (kind, page), or none."""

    def __init__(self, world: World, fault: tuple[str, int] | None) -> None:
        self._world = world
        self._fault = fault
        self._id: int | None = None

    def __enter__(self) -> Self:
        if self._fault is not None:
            kind, page = self._fault
            options = {"status": 503} if kind == "status" else {}
            self._id = self._world.futureshop.fail(kind, page=page, times=None, shop_key=SHOP, **options).id
        return self

    def __exit__(self, *_: object) -> None:
        if self._id is not None:
            self._world.futureshop.faults.remove(self._id)

    def visible(self, listed: list[str]) -> tuple[list[str], bool]:
        """Those of the products, in listing order, that an import sees, and whether they are all."""
        if self._fault is None:
            return listed, True
        kind, page = self._fault
        pages = page if kind == "end_early" else page - 1
        if page > max(1, -(-len(listed) // PAGE)):
            return listed, True  # there is no such page
        return listed[: pages * PAGE], False


def window_of(asked: Iterable[Entry]) -> datetime | None:
    """The earliest 更新日 that these calls asked for; None: they asked for all products."""
    starts = []
    for entry in asked:
        start = parse_qs(entry.query).get("updateDateStart")
        if start is None:
            return None
        starts.append(datetime.fromisoformat(start[0]).replace(tzinfo=JST))
    return min(starts, default=None)


def listed(products: Iterable[Product], window: datetime | None) -> list[str]:
    """The numbers in the order futureshop lists them."""
    ordered = sorted(products, key=lambda product: product.id)
    return [product.product_no for product in ordered if window is None or product.updated_at >= window]
