from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.state.model import Product, Shop
from shopsync_sandbox.tiktok.state.world import World


def find(
    world: World,
    shop: Shop,
    product_id: str,
    unknown: Code = Code.PRODUCT_UNKNOWN,
    foreign: Code = Code.PRODUCT_FOREIGN,
) -> Product:
    """The shop's product. Raises ApiError: no id at all (12052031), unknown, or another shop's.

    The codes of the last two differ by operation.
    """
    product = shop.products.get(product_id)
    if product is not None:
        return product
    if not (product_id.isascii() and product_id.isdigit()):
        raise ApiError(Code.PRODUCT_ID_INVALID, f"product id {product_id!r} is invalid")
    if any(product_id in other.products for other in world.shops.values()):
        raise ApiError(foreign, f"product {product_id} does not belong to this shop")
    raise ApiError(unknown, f"product {product_id} does not exist")


def find_to_edit(world: World, shop: Shop, product_id: str) -> Product:
    """Like `find`, with the codes of the edits."""
    return find(world, shop, product_id, Code.PRODUCT_UNKNOWN_IN_EDIT, Code.PRODUCT_FOREIGN_IN_EDIT)
