"""Cutting a shop into pages. Pages go by product id, so deletions and additions between them skip or repeat nothing."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from shopsync_sandbox.futureshop.faults import Fault, FaultKind
from shopsync_sandbox.futureshop.query import Position, Query
from shopsync_sandbox.shop import Product, Shop


@dataclass(frozen=True, slots=True)
class Page:
    """Products of one reply, and where nextUrl leads: a position, an address of its own, or nowhere."""

    products: list[Product]
    following: Position | None
    address: str | None = None


def page_of(shop: Shop, query: Query, faults: Iterable[Fault]) -> Page:
    """The page a query asks for, bent by the faults that hit it."""
    kinds = {fault.kind: fault for fault in faults}
    position = query.position
    if fault := kinds.get(FaultKind.SHRINK):
        position = replace(position, ratio=fault.ratio)
    if fault := kinds.get(FaultKind.ENDLESS_CURSOR):
        position = replace(position, loop="distinct" if fault.distinct else "same")
    page = _looped(_honest(shop, query, position), position)
    return _bent(page, position, kinds)


def _honest(shop: Shop, query: Query, position: Position) -> Page:
    present = shop.select(query.wanted, position.after)
    if position.ratio is not None:
        share = position.ratio
        present = (product for product in present if _is_kept(product, share))
    found = list(islice(present, query.size + 1))
    products = found[: query.size]
    more = len(found) > query.size
    return Page(products, replace(position, after=products[-1].id, page=position.page + 1) if more else None)


def _is_kept(product: Product, ratio: float) -> bool:
    return zlib.crc32(product.product_no.encode()) % 1000 < ratio * 1000


def _looped(page: Page, position: Position) -> Page:
    if position.loop is None:
        return page
    step = 1 if position.loop == "distinct" else 0
    return Page(page.products, replace(position, page=position.page + step))


def _bent(page: Page, position: Position, kinds: dict[FaultKind, Fault]) -> Page:
    products, following, address = page.products, page.following, page.address
    if fault := kinds.get(FaultKind.SHORT_PAGE):
        cut = len(products) > fault.keep
        products = products[: fault.keep]
        if cut and not fault.lose:
            last = products[-1].id if products else position.after
            following = replace(position, after=last, page=position.page + 1)
    if FaultKind.DUPLICATE_PAGE in kinds:
        following = replace(position, page=position.page + 1)
    if FaultKind.END_EARLY in kinds:
        following = None
    if FaultKind.EMPTY_PAGE in kinds:
        products, following = [], None
    if fault := kinds.get(FaultKind.FOREIGN_NEXT_URL):
        address = fault.url
    return Page(products, following, address)
