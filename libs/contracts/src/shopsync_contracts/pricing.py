"""Prices in whole yen: sale form, tax, per-SKU price. A missing price stays missing, never a guess (PR-1 to PR-9)."""

from shopsync_contracts.events import Rounding, Tax, TaxDefaults, UpstreamProduct, UpstreamSku

_PERCENT = 100


def product_price(product: UpstreamProduct, shop: TaxDefaults) -> int | None:
    """Yen, tax included, of the sale form in force (PR-2, PR-3); None when futureshop has no such price."""
    registered = product.preorder_price if product.sale_form == "preorder" else product.regular_price
    return _with_tax(registered, product.tax, shop)


def sku_price(product: UpstreamProduct, sku: UpstreamSku, shop: TaxDefaults) -> int | None:
    """The SKU's own price when it has one, else the product's (Q7)."""
    if sku.price is None:
        return product_price(product, shop)
    return _with_tax(sku.price, product.tax, shop)


def price_range(product: UpstreamProduct, shop: TaxDefaults) -> tuple[int, int] | None:
    """Lowest and highest price of the SKUs; None when no SKU differs from the product."""
    prices = {price for sku in product.skus if (price := sku_price(product, sku, shop)) is not None}
    if not prices or prices == {product_price(product, shop)}:
        return None
    return min(prices), max(prices)


def _with_tax(registered: int | None, tax: Tax | None, shop: TaxDefaults) -> int | None:
    """Tax on top where prices are registered without it; what the product leaves open is the shop's (PR-7, PR-8)."""
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
