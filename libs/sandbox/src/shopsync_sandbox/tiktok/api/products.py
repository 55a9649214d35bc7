"""Product endpoints: parse the body, call the rules, build the reply."""

from typing import Any

from shopsync_sandbox.tiktok.api.call import Call
from shopsync_sandbox.tiktok.products.read_shape import Reader
from shopsync_sandbox.tiktok.products.search import Page, search
from shopsync_sandbox.tiktok.protocol.bodies import (
    InventoryFilters,
    ProductBody,
    ProductIds,
    SearchFilters,
    SkuChanges,
    parse,
    parse_product,
)
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.state.model import Product


def create(call: Call) -> dict[str, Any]:
    """Create Product."""
    return call.services.listings.create(call.shop, _product(call))


def edit(call: Call) -> dict[str, Any]:
    """Edit Product: the whole product."""
    return call.services.listings.edit(call.shop, call.path["product_id"], _product(call))


def partial_edit(call: Call) -> dict[str, Any]:
    """Partial Edit: the properties sent."""
    return call.services.listings.partial_edit(call.shop, call.path["product_id"], _product(call, whole=False))


def listing_check(call: Call) -> dict[str, Any]:
    """Check Product Listing: a dry run of create."""
    return call.services.listings.dry_run(call.shop, _product(call))


def get(call: Call) -> dict[str, Any]:
    """Get Product."""
    return Reader(call.services.world, call.base_url).get(
        call.shop,
        call.path["product_id"],
        under_review=call.flag("return_under_review_version"),
        draft=call.flag("return_draft_version"),
    )


def search_products(call: Call) -> dict[str, Any]:
    """Search Products."""
    world = call.services.world
    filters = parse(SearchFilters, call.body)
    reader = Reader(world, call.base_url)
    page = Page(call.page_size(), call.query.get("page_token"))
    return search(world, call.shop, reader, filters, page, version=call.version)


def activate(call: Call) -> dict[str, Any]:
    """Activate Products, at most 20."""
    return _batch(call, "activates")


def deactivate(call: Call) -> dict[str, Any]:
    """Deactivate Products, at most 20."""
    return _batch(call, "deactivates")


def delete(call: Call) -> dict[str, Any]:
    """Delete Products, at most 20."""
    return _batch(call, "deletes")


def recover(call: Call) -> dict[str, Any]:
    """Recover Products, at most 20."""
    return _batch(call, "recovers")


def update_inventory(call: Call) -> dict[str, Any]:
    """Update Inventory."""
    skus = parse(SkuChanges, call.body).skus
    return call.services.stock.update_inventory(call.shop, call.path["product_id"], skus)


def update_prices(call: Call) -> dict[str, Any]:
    """Update Price."""
    skus = parse(SkuChanges, call.body).skus
    return call.services.stock.update_prices(call.shop, call.path["product_id"], skus)


def search_inventory(call: Call) -> dict[str, Any]:
    """Search Inventory, by SKU ids, or else by product ids."""
    filters, shop = parse(InventoryFilters, call.body), call.shop
    if len(filters.product_ids or []) > 100 or len(filters.sku_ids or []) > 600:
        raise ApiError(Code.INVALID_PARAM, "invalid param: at most 100 product_ids or 600 sku_ids")
    wanted = set(filters.sku_ids or [])
    owners = {shop.by_sku.get(sku) for sku in wanted} if wanted else set(filters.product_ids or [])
    products = [shop.products[owner] for owner in owners if owner in shop.products]
    return {"inventory": [_inventory(product, wanted) for product in products]}


def _inventory(product: Product, wanted: set[str]) -> dict[str, Any]:
    skus = [
        {
            "id": sku_id,
            "seller_sku": sku.seller_sku or "",
            "total_available_quantity": sum(product.stock.get(sku_id, {}).values()),
            "total_committed_quantity": 0,
            "warehouse_inventory": [
                {"warehouse_id": warehouse, "available_quantity": quantity, "committed_quantity": 0}
                for warehouse, quantity in product.stock.get(sku_id, {}).items()
            ],
        }
        for sku_id, sku in product.sku_contents().items()
        if not wanted or sku_id in wanted
    ]
    return {"product_id": product.id, "skus": skus}


def _product(call: Call, *, whole: bool = True) -> ProductBody:
    settings = call.services.settings
    return parse_product(call.body, settings.member_error, whole=whole, locale=settings.locale_in_bodies == "taken")


def _batch(call: Call, what: str) -> dict[str, Any]:
    return call.services.lifecycle.batch(call.shop, parse(ProductIds, call.body).product_ids, what)
