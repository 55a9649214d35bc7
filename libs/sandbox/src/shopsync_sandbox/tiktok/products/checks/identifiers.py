import re
from collections.abc import Sequence

from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.protocol.bodies import IdentifierCode, ProductBody, SkuBody
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code

EXTERNAL_ID_MAX = 999
_LENGTHS = {"GTIN": {8, 12, 13, 14}, "EAN": {8, 13}, "UPC": {12}, "ISBN": {10, 13}, "JAN": {8, 13}}
_DIGITS = re.compile(r"[0-9]+")
_ISBN_10 = re.compile(r"[0-9]{9}[0-9Xx]")


def check_identifiers(skus: Sequence[SkuBody], context: Context) -> None:
    """Check product codes such as JAN: valid digits, no code twice, and no change once submitted."""
    seen: set[str] = set()
    for sku in skus:
        identifier = sku.identifier_code
        if identifier is None or not identifier.code:
            continue
        _check_digits(identifier, identifier.code)
        if identifier.code in seen:
            raise ApiError(Code.IDENTIFIER_TWICE, f"identifier_code {identifier.code} is used by two SKUs")
        seen.add(identifier.code)
        _check_unchanged(sku, identifier.code, context)


def check_external_ids(body: ProductBody, context: Context) -> None:
    """Check that external ids have at most 999 characters and, by a setting, are unique in the shop."""
    for name, value in _external_ids(body):
        if len(value) > EXTERNAL_ID_MAX:
            raise ApiError(Code.EXTERNAL_ID_LENGTH, f"{name} has more than {EXTERNAL_ID_MAX} characters")
    if not (context.settings.unique_external_ids and body.external_product_id):
        return
    for other in context.shop.products.values():
        same = any(version.external_product_id == body.external_product_id for version in other.versions())
        if same and other is not context.product and other.status != "DELETED":
            raise ApiError(Code.EXTERNAL_ID_TWICE, f"external_id {body.external_product_id!r} is duplicated")


def _external_ids(body: ProductBody) -> list[tuple[str, str]]:
    skus = [("external_sku_id", sku.external_sku_id or "") for sku in body.skus or []]
    return [("external_product_id", body.external_product_id or ""), *skus]


def _check_digits(identifier: IdentifierCode, code: str) -> None:
    lengths = _LENGTHS.get(identifier.type or "")
    if lengths is None:
        raise ApiError(Code.IDENTIFIER_TYPE, f"identifier_code.type {identifier.type!r} is not one of GTIN…JAN")
    isbn_10 = identifier.type == "ISBN" and _ISBN_10.fullmatch(code)
    if not isbn_10 and (not _DIGITS.fullmatch(code) or len(code) not in lengths):
        message = f"identifier_code {code!r} does not have the digits of a {identifier.type}"
        raise ApiError(Code.IDENTIFIER_DIGITS, message)


def _check_unchanged(sku: SkuBody, code: str, context: Context) -> None:
    known = context.skus.get(sku.id or "")
    before = known.identifier_code.code if known is not None and known.identifier_code else None
    submitted = context.product is not None and context.product.status != "DRAFT"
    if context.settings.identifier_codes_fixed and submitted and before and before != code:
        raise ApiError(Code.IDENTIFIER_CHANGED, f"the identifier code {before} cannot be changed once submitted")
