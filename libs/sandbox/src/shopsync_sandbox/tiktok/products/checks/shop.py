from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code, live_error
from shopsync_sandbox.tiktok.state.model import Product, Shop
from shopsync_sandbox.tiktok.state.world import World

#: What can be wrong with a seller, and the refusal it causes.
CONDITIONS: dict[str, tuple[Code, str]] = {
    "inactive": (Code.SELLER_INACTIVE, "the seller is inactive"),
    "tasks_unfinished": (Code.SELLER_TASKS, "the shop tasks necessary for posting products are not completed"),
    "seller_center_locked": (
        Code.SELLER_CENTER_LOCKED,
        "the seller center is locked during shop integration, only stock and price can be edited",
    ),
    "too_many_requests": (Code.SELLER_REQUESTS, "number of requests from merchants over limit"),
    "no_shipping_template": (Code.SHIPPING_TEMPLATE_NONE, "seller shipping template is empty"),
    "no_logistics_service": (Code.LOGISTICS_NONE, "the warehouse has no logistics service set"),
    "shipping_template_unavailable": (Code.SHIPPING_TEMPLATE_DEAD, "the shipping template is unavailable"),
}


#: Conditions that refuse every call, and the code.
BARRED: dict[str, Code] = {
    "shop_inactive": Code.SHOP_INACTIVE,
    "seller_barred": Code.SELLER_BARRED,
    "shop_deactivated": Code.SHOP_DEACTIVATED,
}


def check_shop_open(shop: Shop) -> None:
    """Refuse every call of a barred shop."""
    for condition, code in BARRED.items():
        if condition in shop.conditions:
            raise live_error(code)


def check_seller_active(shop: Shop) -> None:
    """Every write needs an active seller, even of drafts."""
    if "inactive" in shop.conditions:
        raise ApiError(*CONDITIONS["inactive"])


def check_seller(shop: Shop) -> None:
    """Refuse listings of a seller with a condition that forbids them, or without a return warehouse."""
    for condition, refusal in CONDITIONS.items():
        if condition in shop.conditions:
            raise ApiError(*refusal)
    if not any(warehouse.type == "RETURN_WAREHOUSE" for warehouse in shop.warehouses):
        raise ApiError(Code.WAREHOUSE_NO_RETURN, "the shop has not set its return warehouse")


def check_room(world: World, shop: Shop, product: Product | None) -> None:
    """Check the total number of listings, if there is a limit."""
    limit = world.settings.total_listing_limit
    if limit is None or (product is not None and product.status != "DRAFT"):
        return
    if sum(other.status not in {"DRAFT", "DELETED"} for other in shop.products.values()) >= limit:
        raise ApiError(Code.LISTING_QUOTA, f"the shop has reached its limit of {limit} listings")
