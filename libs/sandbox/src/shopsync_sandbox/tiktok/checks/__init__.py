"""What a product body must be before it is taken: AS_DRAFT lenient, LISTING strict, the first fault refuses it."""

from shopsync_sandbox.tiktok.bodies import ProductBody
from shopsync_sandbox.tiktok.checks.category import check_attributes, check_brand, check_category
from shopsync_sandbox.tiktok.checks.context import Context
from shopsync_sandbox.tiktok.checks.package import check_package
from shopsync_sandbox.tiktok.checks.pictures import check_description_images, check_main_images
from shopsync_sandbox.tiktok.checks.skus import check_sku_identity, check_skus
from shopsync_sandbox.tiktok.checks.text import check_description, check_title, check_title_length
from shopsync_sandbox.tiktok.codes import ApiError, Code

__all__ = ["Context", "check_draft", "check_listing"]


def check_listing(body: ProductBody, context: Context) -> None:
    """Everything a listing needs. Raises ApiError with the code of the first fault found."""
    check_title(body.title)
    check_description(body.description)
    check_description_images(body.description or "", context.images)
    check_category(body, context.catalogue)
    check_brand(body, context.catalogue)
    check_main_images(body.main_images, context)
    check_attributes(body, context.catalogue)
    check_package(body, context.settings.max_parcel_sum)
    if body.is_cod_allowed:
        raise ApiError(Code.COD_NOT_ALLOWED, "is_cod_allowed is not available in JP")
    if len(body.external_product_id or "") > 999:
        raise ApiError(Code.EXTERNAL_ID_LENGTH, "external_product_id has more than 999 characters")
    check_skus(body, context)


def check_draft(body: ProductBody, context: Context) -> None:
    """A draft takes almost anything: only what could not even be kept is refused."""
    check_title_length(body.title)
    check_sku_identity(body.skus or [], context)
