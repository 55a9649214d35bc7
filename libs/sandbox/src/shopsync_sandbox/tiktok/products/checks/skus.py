import re
from collections.abc import Sequence

from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.products.checks.identifiers import check_identifiers
from shopsync_sandbox.tiktok.products.checks.price import check_price
from shopsync_sandbox.tiktok.products.checks.sales import check_sales_attributes
from shopsync_sandbox.tiktok.products.checks.stock import check_new_inventory
from shopsync_sandbox.tiktok.protocol.bodies import ProductBody, SkuBody
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code

SKUS_MAX = 300
SELLER_SKU_MAX = 50
_SPACE = re.compile(r"\s")


def check_skus(body: ProductBody, context: Context) -> None:
    """Check the SKUs of a listing: identity, variations, price, stock, product codes."""
    skus = body.skus or []
    if not skus:
        raise ApiError(Code.SKUS_EMPTY, "skus is empty")
    check_sku_identity(skus, context)
    _check_locks(skus, context)
    if context.catalogue.rules(body.category_id or "").seller_sku_required and not all(sku.seller_sku for sku in skus):
        raise ApiError(Code.SELLER_SKU_INVALID, "the category requires a seller_sku for every SKU")
    check_sales_attributes(skus, context)
    for sku in skus:
        check_price(sku, context, needed=not context.price_of(sku.id))
        check_new_inventory(sku, context)
    check_identifiers(skus, context)


def check_sku_identity(skus: Sequence[SkuBody], context: Context) -> None:
    """Check the number of SKUs, ids and seller SKUs, which must be right even in a draft."""
    if len(skus) > SKUS_MAX:
        code = Code.SKUS_TOO_MANY if context.product is None else Code.SKUS_TOO_MANY_TO_EDIT
        raise ApiError(code, f"skus has {len(skus)} entries, at most {SKUS_MAX} are allowed")
    check_sku_ids([sku.id for sku in skus if sku.id], context)
    for sku in skus:
        if len(sku.seller_sku or "") > SELLER_SKU_MAX:
            raise ApiError(Code.SELLER_SKU_LENGTH, f"seller_sku {sku.seller_sku!r} has more than 50 characters")
        if _SPACE.search(sku.seller_sku or ""):
            raise ApiError(Code.SELLER_SKU_INVALID, f"seller_sku {sku.seller_sku!r} contains spaces")


def check_sku_ids(ids: Sequence[str], context: Context) -> None:
    """Check that the ids belong to this product, each once."""
    seen: set[str] = set()
    for sku_id in ids:
        if sku_id not in context.skus:
            raise ApiError(Code.SKU_UNKNOWN, f"SKU {sku_id} does not belong to this product")
        if sku_id in seen:
            raise ApiError(Code.SKU_TWICE, f"SKU {sku_id} is sent twice")
        seen.add(sku_id)


def _check_locks(skus: Sequence[SkuBody], context: Context) -> None:
    if not context.is_locked("skus"):
        return
    sent = {sku.id for sku in skus}
    if not all(sent):
        raise ApiError(Code.SKU_ADDED, "SKUs cannot be added to this product now")
    if context.skus.keys() - sent:
        raise ApiError(Code.SKU_DELETED, "SKUs of this product cannot be deleted now")
