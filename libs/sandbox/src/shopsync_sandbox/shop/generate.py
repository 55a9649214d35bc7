"""A Japanese shop generated from a seed. A product is made from its index in O(1); nothing is kept in memory."""

import random
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopsync_sandbox.shop import images, numbers
from shopsync_sandbox.shop.descriptions import describe
from shopsync_sandbox.shop.model import JST, Preorder, Product, StagePrice
from shopsync_sandbox.shop.times import Stamps
from shopsync_sandbox.shop.traits import PreorderState, Traits, traits
from shopsync_sandbox.shop.variations import Variations, variations
from shopsync_sandbox.shop.vocabulary import CATEGORIES, NAME_KEYWORDS, PREFIXES, SUFFIXES, Category

FIRST_ID = 10_000_001
_PREORDER_PERIODS = {
    PreorderState.RUNNING: (datetime(2026, 1, 10, tzinfo=JST), datetime(2035, 12, 31, 23, 59, 59, tzinfo=JST)),
    PreorderState.ENDED: (datetime(2025, 9, 1, tzinfo=JST), datetime(2025, 11, 30, 23, 59, 59, tzinfo=JST)),
    PreorderState.COMING: (datetime(2036, 1, 1, tzinfo=JST), datetime(2036, 3, 31, 23, 59, 59, tzinfo=JST)),
}


@dataclass(frozen=True, slots=True)
class GeneratedShop:
    """`count` products. The same seed, shop key and count give the same products on every machine."""

    seed: int
    count: int
    shop_key: str

    def product(self, index: int) -> Product:
        """The product at `index` (0 … count-1); its id is FIRST_ID + index."""
        kind = self._traits(index)
        category = CATEGORIES[kind.category]
        rng = random.Random(f"{self._salt}/{index}")  # noqa: S311 - test data, not cryptography
        name = _name(rng, category, long=kind.long_name)
        pictures = tuple(images.path_of(rng.randrange(images.PALETTE)) for _ in range(_image_count(rng)))
        price = _round_price(rng.randint(*category.price))
        preorder = _preorder(rng, kind, price)
        options = variations(rng, kind, category, price, index=index, maker=self._hash)
        return Product(
            id=FIRST_ID + index,
            product_no=self.product_no(index),
            name=name,
            description=describe(rng, category, name, pictures, long=kind.long_text),
            images=pictures,
            visible=not kind.hidden,
            unit_price=None if kind.no_price_yet and kind.preorder is PreorderState.RUNNING else price,
            tax_included=kind.tax_included,
            reduced_tax=category.reduced_tax,
            stock_managed=not kind.unmanaged,
            sales_start=datetime(2024, 4, 1, tzinfo=JST) if kind.sales_ended else None,
            sales_end=datetime(2025, 3, 31, 23, 59, 59, tzinfo=JST) if kind.sales_ended else None,
            preorder=preorder,
            created_at=self.stamps.registered(index),
            updated_at=self.stamps.updated(index),
            **_other_prices(rng, price, included=kind.tax_included, rate=8 if category.reduced_tax else 10),
            **_axes(options),
        )

    def product_no(self, index: int) -> str:
        """商品番号 of the product at `index`."""
        category = CATEGORIES[self._traits(index).category]
        return numbers.product_no(index, category.code, category.japanese)

    def index_of(self, product_no: str) -> int | None:
        """The index of a generated product number, without a search; None for any other number."""
        for index in numbers.index_candidates(product_no):
            if index < self.count and self.product_no(index) == product_no:
                return index
        return None

    @property
    def stamps(self) -> Stamps:
        """Registration and update times by index."""
        return Stamps(self.count, self._hash)

    @property
    def _salt(self) -> str:
        return f"{self.seed}/{self.shop_key}"

    @property
    def _hash(self) -> int:
        return zlib.crc32(self._salt.encode())

    def _traits(self, index: int) -> Traits:
        if not 0 <= index < self.count:
            raise IndexError(f"the shop has {self.count} generated products; there is no number {index}")
        return traits(index, self._salt)


def generate(seed: int, products: int, shop_key: str = "demo") -> GeneratedShop:
    """A shop of `products` products (1 or more); nothing is generated until a product is asked for."""
    if products < 1:
        raise ValueError(f"products must be at least 1, not {products}")
    return GeneratedShop(seed, products, shop_key)


def _name(rng: random.Random, category: Category, *, long: bool) -> str:
    core = f"{rng.choice(category.materials)} {rng.choice(category.nouns)}"
    if long:
        core = " ".join((core, *rng.sample(NAME_KEYWORDS, 14)))
    return f"{rng.choice(PREFIXES)}{core}{rng.choice(SUFFIXES)}".strip()


def _image_count(rng: random.Random) -> int:
    return rng.choice((1, 1, 2, 2, 3, 3, 4, 5, 7, 9))


def _round_price(price: int) -> int:
    return price // 10 * 10 if price < 1000 else price // 100 * 100 - 20


def _preorder(rng: random.Random, kind: Traits, price: int) -> Preorder | None:
    if kind.preorder is PreorderState.NONE:
        return None
    start, end = _PREORDER_PERIODS[kind.preorder]
    return Preorder(price=price * rng.randrange(80, 96) // 100, period_start=start, period_end=end)


def _other_prices(rng: random.Random, price: int, *, included: bool, rate: int) -> dict[str, Any]:
    """Prices that must never reach TikTok (PR-4…6). All differ from the sale price, so that a leak is visible."""
    member = price * 93 // 100 - 1
    return {
        "list_price": price * rng.randrange(120, 180) // 100 + 3 if rng.random() < 0.7 else None,
        "body_price": price * 100 // (100 + rate) if included else None,
        "member_price": member if rng.random() < 0.6 else None,
        "stage_prices": tuple(
            StagePrice(stage=stage, price=member - less)
            for stage, less in (("シルバー", 10), ("ゴールド", 30))
            if rng.random() < 0.5
        ),
    }


def _axes(options: Variations) -> dict[str, Any]:
    return {
        "vertical_axis": options.vertical_axis,
        "horizontal_axis": options.horizontal_axis,
        "skus": options.skus,
    }
