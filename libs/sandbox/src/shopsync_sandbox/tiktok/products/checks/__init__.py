"""Checks of product bodies: strict for LISTING, lenient for AS_DRAFT. The first fault refuses the body."""

from shopsync_sandbox.tiktok.products.checks.attributes import check_attributes
from shopsync_sandbox.tiktok.products.checks.brand import check_brand, is_known
from shopsync_sandbox.tiktok.products.checks.category import check_category
from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.products.checks.description import check_description
from shopsync_sandbox.tiktok.products.checks.documents import check_documents
from shopsync_sandbox.tiktok.products.checks.identifiers import check_external_ids
from shopsync_sandbox.tiktok.products.checks.package import check_package
from shopsync_sandbox.tiktok.products.checks.pictures import check_main_images
from shopsync_sandbox.tiktok.products.checks.shop import check_room, check_seller, check_seller_active
from shopsync_sandbox.tiktok.products.checks.skus import check_sku_identity, check_skus
from shopsync_sandbox.tiktok.products.checks.text import check_title, check_title_length
from shopsync_sandbox.tiktok.protocol.bodies import ProductBody
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code

__all__ = ["Context", "check_draft", "check_listing"]


def check_listing(body: ProductBody, context: Context) -> list[str]:
    """Check everything that a listing needs. Returns warnings. Raises ApiError with the code of the first fault."""
    check_seller(context.shop)
    check_title(body.title, context.settings)
    check_description(body.description, context)
    check_category(body, context)
    warnings = _brand_warnings(body, context)
    check_main_images(body.main_images, context)
    check_attributes(body, context)
    check_documents(body, context)
    check_package(body, context)
    if body.is_cod_allowed:
        raise ApiError(Code.COD_NOT_ALLOWED, "is_cod_allowed is not available in JP")
    check_external_ids(body, context)
    check_skus(body, context)
    check_room(context.world, context.shop, context.product)
    return warnings


def check_draft(body: ProductBody, context: Context) -> list[str]:
    """A draft may contain almost anything: only what could not be stored is refused. Returns warnings."""
    check_seller_active(context.shop)
    check_title_length(body.title)
    check_sku_identity(body.skus or [], context)
    unknown = body.brand_id and not is_known(body.brand_id, context)
    return [_brand_removed(body.brand_id or "")] if unknown else []


def _brand_warnings(body: ProductBody, context: Context) -> list[str]:
    hidden = check_brand(body, context)
    unknown = body.brand_id and not is_known(body.brand_id, context)
    found = (hidden, _brand_removed(body.brand_id or "") if unknown else None)
    return [warning for warning in found if warning]


def _brand_removed(brand_id: str) -> str:
    return f"The [brand_id]:{brand_id} does not exist and has been cleared."
