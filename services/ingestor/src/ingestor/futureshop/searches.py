from collections.abc import Awaitable, Callable

from ingestor.futureshop.client import INVENTORY, PRODUCTS, Page, Search
from ingestor.windows import Interval, as_stamp

TYPES = "variation,optionPrice,preorder,image,comment"
STOCK_TYPES = "regular,preorder"
NUMBERS_PER_CHECK = 50
"""Product numbers in one search by number, which keeps the URL below 6 KB."""

_LARGEST_PAGE = 250
"""Fits all of them, and products that differ only by letter case where the search ignores case."""

ReadPage = Callable[[Search, str | None], Awaitable[Page]]


def all_products(page_size: int) -> Search:
    """Every product with all its parts, hidden ones included (IM-1, IM-2)."""
    return Search(PRODUCTS, {"types": TYPES, "count": str(page_size)})


def changed_in(window: Interval, page_size: int) -> Search:
    """Products with all their parts whose 更新日 is in the window. A new product's 更新日 is its 登録日."""
    stamps = {"updateDateStart": as_stamp(window.since), "updateDateEnd": as_stamp(window.until)}
    return Search(PRODUCTS, {"types": TYPES, "count": str(page_size), **stamps})


def all_numbers(page_size: int) -> Search:
    """Every product with basic data only, to know which products exist."""
    return Search(PRODUCTS, {"count": str(page_size)})


def all_stock() -> Search:
    """The stock of every product, in the same order as the products."""
    return Search(INVENTORY, {"types": STOCK_TYPES})


def stock_of(product_nos: list[str]) -> Search:
    """The stock of some products."""
    return Search(INVENTORY, {"types": STOCK_TYPES, "productNo": ",".join(product_nos)})


def products_of(product_nos: list[str]) -> Search:
    """Some products with basic data only."""
    return Search(PRODUCTS, {"count": str(_LARGEST_PAGE), "productNo": ",".join(product_nos)})
