"""Prices in whole yen: sale form, tax, per-SKU price. A missing price is never guessed (PR-1 to PR-9).

Products and SKUs are plain values with the members of `UpstreamProduct` and `UpstreamSku`, as they are stored.
"""

from collections.abc import Mapping
from typing import Any

from shopsync_contracts.events import Rounding, TaxDefaults

_PERCENT = 100

Members = Mapping[str, Any]


def product_price(product: Members, shop: TaxDefaults) -> int | None:
    """Price in yen, tax included, of the present sale form (PR-2, PR-3); None when futureshop has no such price."""
    registered = product["preorder_price"] if product["sale_form"] == "preorder" else product["regular_price"]
    return _with_tax(registered, product["tax"], shop)


def sku_price(product: Members, sku: Members, shop: TaxDefaults) -> int | None:
    """Price in yen, tax included: the SKU's own if it has one, else the product's (Q7)."""
    if sku["price"] is None:
        return product_price(product, shop)
    return _with_tax(sku["price"], product["tax"], shop)


def price_range(product: Members, shop: TaxDefaults) -> tuple[int, int] | None:
    """Lowest and highest price of the SKUs in yen, tax included; None when no SKU differs from the product."""
    prices = {price for sku in product["skus"] if (price := sku_price(product, sku, shop)) is not None}
    if not prices or prices == {product_price(product, shop)}:
        return None
    return min(prices), max(prices)


def _with_tax(registered: int | None, tax: Members | None, shop: TaxDefaults) -> int | None:
    """Add tax where prices are registered without it. The shop's settings fill gaps of the product's (PR-7, PR-8)."""
    if registered is None:
        return None
    tax = tax or {}
    included = tax.get("included")
    if shop.included if included is None else included:
        return registered
    rate = tax.get("rate_percent")
    return registered + _rounded(
        registered * (shop.rate_percent if rate is None else rate), tax.get("rounding") or shop.rounding
    )


def _rounded(hundredths: int, rounding: Rounding) -> int:
    match rounding:
        case "down":
            return hundredths // _PERCENT
        case "up":
            return -(-hundredths // _PERCENT)
        case "half_up":
            return (hundredths + _PERCENT // 2) // _PERCENT
