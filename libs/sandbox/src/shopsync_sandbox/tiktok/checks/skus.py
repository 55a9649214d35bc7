import re
from collections import Counter

from shopsync_sandbox.tiktok.bodies import ProductBody, SkuBody
from shopsync_sandbox.tiktok.checks.context import Context
from shopsync_sandbox.tiktok.checks.sales import check_sales_attributes
from shopsync_sandbox.tiktok.checks.stock import check_new_inventory, check_price
from shopsync_sandbox.tiktok.codes import ApiError, Code

SKUS_MAX = 300
SELLER_SKU_MAX = 50
_LENGTHS = {"GTIN": {8, 12, 13, 14}, "EAN": {8, 13}, "UPC": {12}, "ISBN": {10, 13}, "JAN": {8, 13}}


def check_skus(body: ProductBody, context: Context) -> None:
    """SKUs of a listing: identity, variations, price, stock, product codes."""
    skus = body.skus or []
    if not skus:
        raise ApiError(Code.SKUS_EMPTY, "skus is empty")
    check_sku_identity(skus, context)
    check_sales_attributes(skus, context)
    known = context.known_skus()
    for sku in skus:
        existing = sku.id in known
        check_price(sku.price, context, needed=not existing or context.price_unknown(sku.id))
        check_new_inventory(sku, context, needed=not existing or context.stock_unknown(sku.id))
    _check_identifiers(skus)


def check_sku_identity(skus: list[SkuBody], context: Context) -> None:
    """Number, ids and seller SKUs: what even a draft cannot get wrong."""
    if len(skus) > SKUS_MAX:
        raise ApiError(Code.SKUS_TOO_MANY, f"skus has {len(skus)} entries, at most {SKUS_MAX} are allowed")
    known = context.known_skus()
    ids = [sku.id for sku in skus if sku.id]
    for sku_id, count in Counter(ids).items():
        if sku_id not in known:
            raise ApiError(Code.SKU_UNKNOWN, f"SKU {sku_id} does not belong to this product")
        if count > 1:
            raise ApiError(Code.SKU_TWICE, f"SKU {sku_id} is sent twice")
    for sku in skus:
        _check_names(sku)


def _check_names(sku: SkuBody) -> None:
    if len(sku.seller_sku or "") > SELLER_SKU_MAX:
        raise ApiError(Code.SELLER_SKU_LENGTH, f"seller_sku {sku.seller_sku!r} has more than 50 characters")
    if re.search(r"\s", sku.seller_sku or ""):
        raise ApiError(Code.SELLER_SKU_INVALID, f"seller_sku {sku.seller_sku!r} contains spaces")
    if len(sku.external_sku_id or "") > 999:
        raise ApiError(Code.EXTERNAL_ID_LENGTH, "external_sku_id has more than 999 characters")


def _check_identifiers(skus: list[SkuBody]) -> None:
    seen: set[str] = set()
    for sku in skus:
        identifier = sku.identifier_code
        if identifier is None or not identifier.code:
            continue
        lengths = _LENGTHS.get(identifier.type or "")
        if lengths is None:
            raise ApiError(Code.IDENTIFIER_TYPE, f"identifier_code.type {identifier.type!r} is not one of GTIN…JAN")
        if not identifier.code.isascii() or not identifier.code.isdigit() or len(identifier.code) not in lengths:
            message = f"identifier_code {identifier.code!r} does not have the digits of a {identifier.type}"
            raise ApiError(Code.IDENTIFIER_DIGITS, message)
        if identifier.code in seen:
            raise ApiError(Code.IDENTIFIER_TWICE, f"identifier_code {identifier.code} is used by two SKUs")
        seen.add(identifier.code)
