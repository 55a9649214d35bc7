"""Prices in whole yen: sale form, tax, per-SKU price. A missing price is never guessed (PR-1 to PR-9)."""

from shopsync_contracts.events import Rounding, Tax, TaxDefaults, UpstreamProduct, UpstreamSku

_PERCENT = 100


def product_price(product: UpstreamProduct, shop: TaxDefaults) -> int | None:
    """Price in yen, tax included, of the present sale form (PR-2, PR-3); None when futureshop has no such price."""
    registered = product.preorder_price if product.sale_form == "preorder" else product.regular_price
    return _with_tax(registered, product.tax, shop)


def sku_price(product: UpstreamProduct, sku: UpstreamSku, shop: TaxDefaults) -> int | None:
    """Price in yen, tax included: the SKU's own if it has one, else the product's (Q7)."""
    if sku.price is None:
        return product_price(product, shop)
    return _with_tax(sku.price, product.tax, shop)


def price_range(product: UpstreamProduct, shop: TaxDefaults) -> tuple[int, int] | None:
    """Lowest and highest price of the SKUs in yen, tax included; None when no SKU differs from the product."""
    prices = {price for sku in product.skus if (price := sku_price(product, sku, shop)) is not None}
    if not prices or prices == {product_price(product, shop)}:
        return None
    return min(prices), max(prices)


def _with_tax(registered: int | None, tax: Tax | None, shop: TaxDefaults) -> int | None:
    """Add tax where prices are registered without it. The shop's settings fill gaps of the product's (PR-7, PR-8)."""
    if registered is None:
        return None
    tax = tax or Tax()
    included = shop.included if tax.included is None else tax.included
    if included:
        return registered
    rate = shop.rate_percent if tax.rate_percent is None else tax.rate_percent
    return registered + _rounded(registered * rate, tax.rounding or shop.rounding)


def _rounded(hundredths: int, rounding: Rounding) -> int:
    match rounding:
        case "down":
            return hundredths // _PERCENT
        case "up":
            return -(-hundredths // _PERCENT)
        case "half_up":
            return (hundredths + _PERCENT // 2) // _PERCENT
