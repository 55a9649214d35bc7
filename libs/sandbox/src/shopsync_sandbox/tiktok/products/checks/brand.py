from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.protocol.bodies import ProductBody
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code


def check_brand(body: ProductBody, context: Context) -> str | None:
    """Check that this seller may use the brand in this category. Returns a warning for a brand that is not shown.

    An unknown brand is refused only by a setting; else it is removed later, see `is_known`.
    """
    brand_id = body.brand_id or ""
    if not brand_id:
        return None
    if not (brand_id.isascii() and brand_id.isdigit()):
        raise ApiError(Code.BRAND_INVALID, f"brand id {brand_id!r} is invalid")
    if not is_known(brand_id, context):
        if context.settings.unknown_brand == "refuse":
            raise ApiError(Code.BRAND_UNKNOWN, f"brand {brand_id} does not exist")
        return None
    brand = context.catalogue.brands.get(brand_id)
    if brand is None:
        return None
    if brand.expired:
        raise ApiError(Code.BRAND_EXPIRED, f"the authorisation of brand {brand_id} is expired")
    if brand.t1 and not brand.authorised:
        raise ApiError(Code.BRAND_UNAUTHORISED, f"an authorisation of brand {brand_id} is required for this listing")
    chain = context.catalogue.chain(body.category_id or "")
    if brand.roots is not None and (not chain or chain[0].id not in brand.roots):
        raise ApiError(Code.BRAND_NOT_HERE, f"the shop is not authorised to sell brand {brand_id} in this category")
    if not brand.authorised:
        return f"The [brand_id]:{brand_id} is not authorized, the brand will not be displayed."
    return None


def is_known(brand_id: str, context: Context) -> bool:
    """Whether the brand is in the catalogue, or the shop created it."""
    return brand_id in context.catalogue.brands or brand_id in context.shop.custom_brands
