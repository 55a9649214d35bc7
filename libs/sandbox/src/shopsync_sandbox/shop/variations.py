"""The SKUs of a generated product: up to two axes, stock, own prices and JAN codes."""

import random
from dataclasses import dataclass

from shopsync_sandbox.shop.model import Sku
from shopsync_sandbox.shop.numbers import jan_code
from shopsync_sandbox.shop.traits import PreorderState, Shape, Traits
from shopsync_sandbox.shop.vocabulary import LONG_AXIS, Category, Choices

_NONE: Choices = (("", ""),)
_PATTERNS: Choices = tuple((f"P{number:02}", f"柄{number:02}") for number in range(1, 51))
_EIGHT: Choices = tuple((str(size), f"{size}号") for size in range(5, 21, 2))


@dataclass(frozen=True, slots=True)
class Variations:
    """Axis names (None: no such axis) and the SKUs, 1 to 400."""

    vertical_axis: str | None
    horizontal_axis: str | None
    skus: tuple[Sku, ...]


def variations(
    rng: random.Random, kind: Traits, category: Category, price: int, *, index: int, maker: int
) -> Variations:
    """`index` and `maker` make the JAN codes. SKU prices, where there are any, are the product's `price` or higher."""
    vertical, horizontal = _choices(rng, kind, category)
    cells = [(v, h) for v in vertical[1] for h in horizontal[1]]
    own_prices = kind.sku_prices and len(cells) > 1
    skus = tuple(
        Sku(
            vertical_no=v[0],
            vertical_name=v[1],
            horizontal_no=h[0],
            horizontal_name=h[1],
            jan_code="" if kind.no_jan or rng.random() < 0.05 else jan_code(index, ordinal, maker),
            price=price + 110 * (ordinal % 5) if own_prices and ordinal % 2 else None,
            stock=_stock(rng, kind),
            preorder_stock=0 if kind.preorder is PreorderState.NONE else rng.randrange(1, 60),
        )
        for ordinal, (v, h) in enumerate(cells)
    )
    return Variations(vertical[0], horizontal[0], skus)


def _choices(
    rng: random.Random, kind: Traits, category: Category
) -> tuple[tuple[str | None, Choices], tuple[str | None, Choices]]:
    if kind.shape is Shape.HUGE:
        return ("デザイン", _PATTERNS), ("号数", _EIGHT)
    vertical: tuple[str | None, Choices] = (None, _NONE)
    horizontal: tuple[str | None, Choices] = (None, _NONE)
    if kind.shape in (Shape.VERTICAL, Shape.BOTH):
        vertical = (category.vertical[0], _some(rng, category.vertical[1]))
    if kind.shape in (Shape.HORIZONTAL, Shape.BOTH):
        horizontal = (category.horizontal[0], _some(rng, category.horizontal[1]))
        if kind.long_axis:
            horizontal = (LONG_AXIS, horizontal[1])
    elif kind.long_axis and kind.shape is Shape.VERTICAL:
        vertical = (LONG_AXIS, vertical[1])
    return vertical, horizontal


def _some(rng: random.Random, choices: Choices) -> Choices:
    """At least two of the choices, in their order."""
    picked = set(rng.sample(choices, rng.randint(2, len(choices))))
    return tuple(choice for choice in choices if choice in picked)


def _stock(rng: random.Random, kind: Traits) -> int:
    if kind.unmanaged or kind.sold_out:
        return 0
    return 0 if rng.random() < 0.04 else rng.randrange(1, 120)
