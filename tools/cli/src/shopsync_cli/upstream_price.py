"""What futureshop's registered price is to the buyer: as the catalogue prices a product nobody has edited. Pure."""

from shopsync_contracts.events import Tax, TaxDefaults, UpstreamProduct, UpstreamSku

_PERCENT = 100


def product_price(product: UpstreamProduct, shop: TaxDefaults) -> int | None:
    """Whole yen, tax included, of the sale form in force (PR-2, PR-7); None when futureshop has no such price."""
    registered = product.preorder_price if product.sale_form == "preorder" else product.regular_price
    return _with_tax(registered, product.tax, shop)


def sku_price(product: UpstreamProduct, sku: UpstreamSku, shop: TaxDefaults) -> int | None:
    """The SKU's own price when it has one, else the product's (Q7)."""
    return product_price(product, shop) if sku.price is None else _with_tax(sku.price, product.tax, shop)


def price_range(product: UpstreamProduct, shop: TaxDefaults) -> tuple[int, int] | None:
    """Lowest and highest price of the SKUs; None when no SKU differs from the product."""
    prices = {price for sku in product.skus if (price := sku_price(product, sku, shop)) is not None}
    if not prices or prices == {product_price(product, shop)}:
        return None
    return min(prices), max(prices)


def _with_tax(registered: int | None, tax: Tax | None, shop: TaxDefaults) -> int | None:
    if registered is None:
        return None
    tax = tax or Tax()
    if shop.included if tax.included is None else tax.included:
        return registered
    hundredths = registered * (shop.rate_percent if tax.rate_percent is None else tax.rate_percent)
    added = {
        "down": hundredths // _PERCENT,
        "up": -(-hundredths // _PERCENT),
        "half_up": (hundredths + _PERCENT // 2) // _PERCENT,
    }
    return registered + added[tax.rounding or shop.rounding]
