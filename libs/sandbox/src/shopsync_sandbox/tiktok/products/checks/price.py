import re

from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.protocol.bodies import SkuBody
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code

_DECIMAL = re.compile(r"\d+\.\d+")


def price_sent(sku: SkuBody, context: Context) -> int | None:
    """The price in yen of a checked SKU body; None when it contains none."""
    text = sku.price and (sku.price.amount if _is_local(context) else sku.price.sale_price)
    return int(text) if text else None


def check_price(sku: SkuBody, context: Context, *, locked: Code = Code.PRICE_LOCKED, needed: bool) -> None:
    """Check that the price is whole yen in range: `amount` of a local seller, `sale_price` of a cross-border one."""
    price, local = sku.price, _is_local(context)
    text = price and (price.amount if local else price.sale_price)
    if price is None or not text:
        # A price that is sent must have an amount, even where none is needed.
        if needed or price is not None:
            code = Code.PRICE_MISSING if local else Code.SALE_PRICE_MISSING
            raise ApiError(code, f"{'price.amount' if local else 'price.sale_price'} is missing")
        return
    if price.currency != "JPY":
        raise ApiError(Code.PRICE_CURRENCY, f"currency {price.currency!r} is not the one of this region, JPY")
    _check_amount(text, context, Code.PRICE_INVALID if local else _sale_code(context))
    if local and price.sale_price is not None:
        _check_amount(price.sale_price, context, _sale_code(context))
    if context.is_locked("promotion") and context.price_of(sku.id) not in {None, int(text)}:
        raise ApiError(locked, "the price is locked due to an ongoing promotion")


def _check_amount(text: str, context: Context, invalid: Code) -> None:
    if text.isascii() and _DECIMAL.fullmatch(text):
        raise ApiError(Code.PRICE_FORMAT, f"price {text!r} has decimals, JPY has none")
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise ApiError(invalid, f"price {text!r} is not a positive whole number")
    low, high = context.settings.min_price, context.settings.max_price
    if not low <= int(text) <= high:
        raise ApiError(Code.PRICE_RANGE, f"price {text} is not between {low} and {high}")


def _sale_code(context: Context) -> Code:
    return Code.SALE_PRICE_INVALID if context.product is None else Code.SALE_PRICE_INVALID_IN_EDIT


def _is_local(context: Context) -> bool:
    return context.shop.seller_type == "LOCAL"
