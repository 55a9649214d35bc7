"""The products of the month's shop: small ones, of every kind that the rules distinguish."""

import random
from datetime import datetime, timedelta
from itertools import product as combinations
from typing import Any

from shopsync_sandbox.shop.images import path_of

_THINGS = ("綿の靴下", "麻のシャツ", "羊毛の帽子", "革の手袋", "絹のスカーフ", "竹の箸")
_AXES = {"": ("",), "size": ("S", "M"), "colour": ("NV", "WH", "BK")}

CATEGORY = "601234"
COMPLETION: dict[str, Any] = {
    "category_id": CATEGORY,
    "brand_id": "7080000000000000001",
    "package_weight_g": 300,
    "package_dimensions_cm": {"length": 24, "width": 18, "height": 4},
    "attributes": [
        {"id": "100701", "values": [{"id": "1007011"}]},
        {"id": "100398", "values": [{"id": "1001001"}]},
    ],
}
"""A value for every tool-only field that TikTok requires in the category."""


def name_of(rng: random.Random, revision: int) -> str:
    """A title that the revision makes unique."""
    return f"{rng.choice(_THINGS)} 第{revision}版"


def price_of(rng: random.Random) -> int:
    """A price in yen."""
    return rng.randrange(500, 9000)


def new_product(rng: random.Random, now: datetime, revision: int) -> dict[str, Any]:
    """The members of a product to register in futureshop."""
    vertical, horizontal = rng.choice((("", ""), ("", ""), ("size", ""), ("", "colour"), ("size", "colour")))
    priced = rng.random() < 0.2
    skus = [_sku(rng, up, across, priced=priced) for up, across in combinations(_AXES[vertical], _AXES[horizontal])]
    return {
        "name": name_of(rng, revision),
        "description": f"<p>{rng.choice(_THINGS)}です。</p>",
        "images": (path_of(rng.randrange(12)),),
        "visible": rng.random() < 0.8,
        "unit_price": price_of(rng),
        "list_price": 12_345,
        "member_price": 123,
        "tax_included": rng.random() < 0.5,
        "reduced_tax": rng.random() < 0.3,
        "stock_managed": rng.random() < 0.85,
        "preorder": None if priced or rng.random() < 0.7 else preorder(rng, now),
        "vertical_axis": "サイズ" if vertical else None,
        "horizontal_axis": "カラー" if horizontal else None,
        "skus": skus,
    }


def preorder(rng: random.Random, now: datetime) -> dict[str, Any]:
    """予約販売 that is running, is still to come, or ends during the month by the clock alone (PR-13)."""
    begins, lasts = rng.choice(((-5, 4), (-5, 11), (-5, 90), (3, 7), (-30, 20)))
    start = now + timedelta(days=begins, hours=rng.randrange(24))
    return {
        "price": price_of(rng),
        "period_start": start,
        "period_end": start + timedelta(days=5 + lasts, hours=rng.randrange(24)),
    }


def new_sku(rng: random.Random, skus: list[dict[str, Any]], number: str, *, vertical: bool) -> dict[str, Any]:
    """A new choice of one axis, combined with the first choice of the other."""
    first = skus[0]
    axis = ("vertical_no", "vertical_name") if vertical else ("horizontal_no", "horizontal_name")
    return {**first, axis[0]: number, axis[1]: number, "stock": rng.randrange(1, 30), "preorder_stock": 3}


def _sku(rng: random.Random, up: str, across: str, *, priced: bool) -> dict[str, Any]:
    return {
        "vertical_no": up,
        "horizontal_no": across,
        "vertical_name": up,
        "horizontal_name": across,
        "price": price_of(rng) if priced else None,
        "stock": rng.choice((0, 3, 7, 20)) if rng.random() < 0.3 else rng.randrange(1, 40),
        "preorder_stock": rng.randrange(1, 9),
    }
