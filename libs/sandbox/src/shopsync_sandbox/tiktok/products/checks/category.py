from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.protocol.bodies import ProductBody
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code


def check_category(body: ProductBody, context: Context) -> None:
    """Check that the category is a leaf of the tree in `category_version`, and open to this seller."""
    catalogue, version, category_id = context.catalogue, body.category_version or "v1", body.category_id or ""
    if version not in {"v1", "v2"}:
        raise ApiError(Code.CATEGORY_INVALID, f"category_version {version!r} is not v1 or v2")
    if version == "v1" and (context.settings.category_v2_required or context.shop.needs_category_v2):
        raise ApiError(Code.CATEGORY_V2_NEEDED, "shops of this region must use V2 categories")
    if not (category_id.isascii() and category_id.isdigit()):
        raise ApiError(Code.CATEGORY_FORMAT, f"category_id {category_id!r} is not a number")
    category = catalogue.categories.get(category_id)
    if category is None:
        raise ApiError(Code.CATEGORY_UNKNOWN, f"category {category_id} is not found")
    if category.version != version:
        message = f"category {category_id} does not belong to category_version {version}"
        raise ApiError(Code.CATEGORY_VERSION, message)
    if not catalogue.is_leaf(category_id):
        raise ApiError(Code.CATEGORY_NOT_LEAF, f"category {category_id} is not a leaf category")
    if category.refusal is not None:
        raise ApiError(category.refusal, f"category {category_id} ({category.name}) is not open to this shop")
