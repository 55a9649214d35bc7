"""Special properties of generated products. Each recurs at its own interval, so that 200 products have all of them."""

import zlib
from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """Which axes a product has."""

    SINGLE = "single"
    VERTICAL = "vertical"
    HORIZONTAL = "horizontal"
    BOTH = "both"
    HUGE = "huge"  # 50 × 8, the most futureshop allows (VA-2)


class PreorderState(StrEnum):
    """Whether a product is on 予約販売, and where its period lies."""

    NONE = "none"
    RUNNING = "running"
    ENDED = "ended"
    COMING = "coming"


_SHAPES = (
    Shape.SINGLE,
    Shape.SINGLE,
    Shape.VERTICAL,
    Shape.HORIZONTAL,
    Shape.HORIZONTAL,
    Shape.BOTH,
    Shape.BOTH,
)
_PREORDERS = (PreorderState.RUNNING, PreorderState.ENDED, PreorderState.RUNNING, PreorderState.COMING)

# Intervals are coprime where two properties should occur in every combination.
_INTERVALS = {
    "hidden": 11,
    "preorder": 13,
    "unmanaged": 17,
    "sold_out": 19,
    "sales_ended": 23,
    "huge": 151,
    "long_axis": 97,
    "sku_prices": 8,
    "no_jan": 9,
    "long_text": 4,
    "no_price_yet": 3,
    "long_name": 31,
}


@dataclass(frozen=True, slots=True)
class Traits:
    """The special properties of one product."""

    category: int
    shape: Shape
    preorder: PreorderState
    tax_included: bool
    hidden: bool
    unmanaged: bool
    sold_out: bool
    sales_ended: bool
    long_axis: bool
    sku_prices: bool
    no_jan: bool
    long_text: bool
    no_price_yet: bool
    long_name: bool


def traits(index: int, salt: str) -> Traits:
    """The special properties of the product at `index`. `salt` (seed and shop) shifts where each one occurs."""

    def turn(name: str, interval: int) -> tuple[int, int]:
        return divmod(index + zlib.crc32(f"{salt}/{name}".encode()) % interval, interval)

    hits = {name: turn(name, interval)[1] == 0 for name, interval in _INTERVALS.items()}
    rounds = turn("preorder", _INTERVALS["preorder"])[0]
    shape = _SHAPES[turn("shape", len(_SHAPES))[1]]
    if hits["huge"]:
        shape = Shape.HUGE
    elif hits["long_axis"] and shape is Shape.SINGLE:
        shape = Shape.HORIZONTAL
    return Traits(
        category=turn("category", 12)[1],
        shape=shape,
        preorder=_PREORDERS[rounds % len(_PREORDERS)] if hits.pop("preorder") else PreorderState.NONE,
        tax_included=turn("tax", 5)[1] not in (0, 2),
        **{name: hit for name, hit in hits.items() if name != "huge"},
    )
