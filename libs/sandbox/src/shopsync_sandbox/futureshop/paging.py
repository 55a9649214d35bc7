"""Divides a shop into pages, by product id: deletions and additions between pages skip and repeat nothing else."""

import asyncio
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from shopsync_sandbox.futureshop.faults import Fault, FaultKind
from shopsync_sandbox.futureshop.query import Position, Query
from shopsync_sandbox.shop import Product, Shop

BATCH = 10
"""Products generated before other calls get their turn: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Page:
    """Products of one reply, and where nextUrl leads: to a position, to another address, or nowhere."""

    products: list[Product]
    following: Position | None
    address: str | None = None


async def page_of(shop: Shop, query: Query, faults: Iterable[Fault]) -> Page:
    """The page that a query asks for, changed by the faults that apply to it.

    Products are generated a few at a time: a call that arrives meanwhile is counted when it arrives.
    """
    kinds = {fault.kind: fault for fault in faults}
    position = query.position
    if fault := kinds.get(FaultKind.SHRINK):
        position = replace(position, ratio=fault.ratio)
    if fault := kinds.get(FaultKind.ENDLESS_CURSOR):
        position = replace(position, loop="distinct" if fault.distinct else "same")
    if FaultKind.REVERSE in kinds:
        position = replace(position, backwards=True)
    page = _with_loop(await _without_faults(shop, query, position), position)
    return _with_changed_links(_with_changed_products(shop, page, kinds), position, kinds)


async def _without_faults(shop: Shop, query: Query, position: Position) -> Page:
    present = _before(shop, query, position) if position.backwards else shop.select(query.wanted, position.after)
    if position.ratio is not None:
        share = position.ratio
        present = (product for product in present if _is_kept(product, share))
    found: list[Product] = []
    while len(found) <= query.size and (some := list(islice(present, min(BATCH, query.size + 1 - len(found))))):
        found += some
        await asyncio.sleep(0)
    products = found[: query.size]
    more = len(found) > query.size
    return Page(products, replace(position, after=products[-1].id, page=position.page + 1) if more else None)


def _before(shop: Shop, query: Query, position: Position) -> Iterator[Product]:
    """The products below `after` (0: all), highest id first. Generates every product of the shop."""
    every = list(shop.select(query.wanted))
    return (product for product in reversed(every) if not position.after or product.id < position.after)


def _with_changed_products(shop: Shop, page: Page, kinds: dict[FaultKind, Fault]) -> Page:
    """The page with the products that a fault repeats in front, and without those that one omits."""
    products = page.products
    if fault := kinds.get(FaultKind.OMIT):
        products = [product for product in products if product.product_no not in fault.product_nos]
    if fault := kinds.get(FaultKind.REPEAT):
        products = [*(shop.get(number) for number in fault.product_nos), *products]
    return replace(page, products=products)


def _is_kept(product: Product, ratio: float) -> bool:
    return zlib.crc32(product.product_no.encode()) % 1000 < ratio * 1000


def _with_loop(page: Page, position: Position) -> Page:
    if position.loop is None:
        return page
    step = 1 if position.loop == "distinct" else 0
    return Page(page.products, replace(position, page=position.page + step))


def _with_changed_links(page: Page, position: Position, kinds: dict[FaultKind, Fault]) -> Page:
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
