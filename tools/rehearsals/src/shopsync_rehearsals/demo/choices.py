"""What the demo's merchant does with the imported products. Pure: snapshots in, edits out."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shopsync_contracts import ShopBody
from shopsync_contracts.events import (
    DimensionsPatch,
    EditChanges,
    ProductEdited,
    ProductSnapshot,
    StockEdit,
    SyncTargetSet,
)
from shopsync_contracts.times import Time
from shopsync_rehearsals.completion import ATTRIBUTES, BRAND, SOCKS

COMPLETED_SHARE = 0.7
ON_SHARE = 0.6
FORGOTTEN_SHARE = 0.05
"""Products switched ON without being completed: they stay 不足項目あり and are never sent."""

MAX_LISTED_SKUS = 300
MAX_AXIS_NAME = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """Products by what the merchant does with them; all numbers of one shop."""

    completed: frozenset[str]
    switched_on: frozenset[str]

    @property
    def complete_and_on(self) -> frozenset[str]:
        return self.completed & self.switched_on


def choose(numbers: Sequence[str], seed: int) -> Choice:
    """The same seed and numbers always make the same choice."""
    shuffled = sorted(numbers)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - a repeatable demo, no secret
    completed = shuffled[: round(len(shuffled) * COMPLETED_SHARE)]
    on = completed[: round(len(completed) * ON_SHARE)]
    rest = shuffled[len(completed) :]
    forgotten = rest[: max(1, round(len(shuffled) * FORGOTTEN_SHARE))]
    return Choice(frozenset(completed), frozenset([*on, *forgotten]))


def beyond_tiktok(product: ProductSnapshot) -> bool:
    """Whether TikTok Shop cannot take this product as futureshop has it: too many SKUs, or an axis name too long."""
    axes = product.axes
    names = [] if axes is None else [name for name in (axes.vertical, axes.horizontal) if name]
    return len(product.skus) > MAX_LISTED_SKUS or any(len(name) > MAX_AXIS_NAME for name in names)


def edits(choice: Choice, products: Sequence[ProductSnapshot], now: Time) -> Iterator[ShopBody]:
    """The tool edits that complete the chosen products, then the sync targets."""
    for product in products:
        if product.product_no in choice.completed:
            yield ProductEdited(
                shop_key=product.shop_key, product_no=product.product_no, edited_at=now, changes=_completion(product)
            )
    for product in products:
        if product.product_no in choice.switched_on:
            yield SyncTargetSet(shop_key=product.shop_key, product_no=product.product_no, sync_enabled=True)


def _completion(product: ProductSnapshot) -> EditChanges:
    """Everything TikTok asks for and futureshop does not have, with stock for SKUs that have none (ST-8)."""
    missing_stock = tuple(
        StockEdit(vertical_no=sku.vertical_no, horizontal_no=sku.horizontal_no, quantity=5)
        for sku in product.skus
        if not sku.stock
    )
    changes = {
        "category_id": SOCKS,
        "brand_id": BRAND,
        "package_weight_g": 300,
        "package_dimensions_cm": DimensionsPatch(length=24, width=18, height=4),
        "attributes": ATTRIBUTES,
    }
    if missing_stock:
        changes["stock"] = missing_stock
    if product.content.price is None:
        changes["price"] = 1980
    return EditChanges.model_validate(changes)
