"""Cutting a shop into pages. Pages go by product id, so deletions and additions between them skip or repeat nothing."""

import asyncio
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from shopsync_sandbox.futureshop.faults import Fault, FaultKind
from shopsync_sandbox.futureshop.query import Position, Query
from shopsync_sandbox.shop import Product, Shop

AT_ONCE = 10
"""Products drawn before other calls have their turn: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Page:
    """Products of one reply, and where nextUrl leads: a position, an address of its own, or nowhere."""

    products: list[Product]
    following: Position | None
    address: str | None = None


async def page_of(shop: Shop, query: Query, faults: Iterable[Fault]) -> Page:
    """The page a query asks for, bent by the faults that hit it.

    Products are drawn a few at a time: a call that comes meanwhile is counted when it comes, not when the page is done.
    """
    kinds = {fault.kind: fault for fault in faults}
    position = query.position
    if fault := kinds.get(FaultKind.SHRINK):
        position = replace(position, ratio=fault.ratio)
    if fault := kinds.get(FaultKind.ENDLESS_CURSOR):
        position = replace(position, loop="distinct" if fault.distinct else "same")
    if FaultKind.REVERSE in kinds:
        position = replace(position, backwards=True)
    page = _looped(await _honest(shop, query, position), position)
    return _bent(_told(shop, page, kinds), position, kinds)


async def _honest(shop: Shop, query: Query, position: Position) -> Page:
    present = _behind(shop, query, position) if position.backwards else shop.select(query.wanted, position.after)
    if position.ratio is not None:
        share = position.ratio
        present = (product for product in present if _is_kept(product, share))
    found: list[Product] = []
    while len(found) <= query.size and (some := list(islice(present, min(AT_ONCE, query.size + 1 - len(found))))):
        found += some
        await asyncio.sleep(0)
    products = found[: query.size]
    more = len(found) > query.size
    return Page(products, replace(position, after=products[-1].id, page=position.page + 1) if more else None)


def _behind(shop: Shop, query: Query, position: Position) -> Iterator[Product]:
    """The products below `after` (0: all of them), the highest id first. Makes every product of the shop."""
    every = list(shop.select(query.wanted))
    return (product for product in reversed(every) if not position.after or product.id < position.after)


def _told(shop: Shop, page: Page, kinds: dict[FaultKind, Fault]) -> Page:
    """The page without the products that a fault leaves out, after those that one shows once more."""
    products = page.products
    if fault := kinds.get(FaultKind.OMIT):
        products = [product for product in products if product.product_no not in fault.product_nos]
    if fault := kinds.get(FaultKind.REPEAT):
        products = [*(shop.get(number) for number in fault.product_nos), *products]
    return replace(page, products=products)


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
