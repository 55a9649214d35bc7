"""Reading at TikTok what became of a lost write, and the present ids of SKUs that it no longer knows under ours."""

from dataclasses import replace

from publisher.content.seller_sku import seller_sku
from publisher.content.variations import sku_path
from publisher.errors import ProductGone, Refused
from publisher.model import Intent, Listing
from publisher.pushing import outcomes
from publisher.tiktok.remote_product import RemoteProduct
from publisher.tiktok.shop_api import ShopApi
from shopsync_contracts.events import ProductSnapshot

GONE = RemoteProduct("", "DELETED", "", "", (), (), (), "")


async def read_listing(api: ShopApi, listing: Listing) -> RemoteProduct:
    """TikTok's view of a listing.

    The documentation does not agree with itself on whether removed and frozen products can be read. When one cannot, a
    search tells its status. A product that TikTok does not know at all counts as deleted.
    """
    product_id = listing.tiktok_product_id or ""
    try:
        return await api.get_product(product_id)
    except ProductGone:
        rows = await api.find_by_seller_skus([sku.seller_sku for sku in listing.skus])
    return next((row for row in rows if row.id == product_id), GONE)


async def find_created(api: ShopApi, listing: Listing, intent: Intent) -> RemoteProduct | None:
    """The product that a create may have made, found by the SKU names in its body; None when there is none.

    A product with these names is not ours when it lacks our product number (made by hand), or when it is the listing
    of an earlier product with this number. A deleted one is returned only when there is no other.
    """
    names = [seller_sku(listing.product_no, *key) for key in intent.stock]
    gone = None
    for row in await api.find_by_seller_skus(names):
        if row.id in listing.former_ids:
            continue
        try:
            found = await api.get_product(row.id)
        except ProductGone:
            continue
        if found.external_product_id != listing.product_no:
            continue
        if found.status != "DELETED":
            return found
        gone = found
    return gone


async def find_edited(api: ShopApi, listing: Listing, intent: Intent) -> tuple[Listing, RemoteProduct | None]:
    """The listing with SKUs that the edit may have added, their stock counted as sent; and what TikTok shows."""
    try:
        newest = await api.newest_version(listing.tiktok_product_id or "")
    except ProductGone:
        return replace(listing, intent=None), None
    return outcomes.after_finding(listing, intent, newest), newest


async def with_current_ids(api: ShopApi, product: ProductSnapshot, listing: Listing) -> tuple[Listing, RemoteProduct]:
    """The listing with the SKU ids TikTok has now, and TikTok's newest version, after it refused one of our ids.

    A SKU that was recreated in Seller Center under the same name is taken over with its stock. Raises Refused when one
    is gone: like a deleted listing it is not recreated without being asked for (Q12).
    """
    newest = await api.newest_version(listing.tiktok_product_id or "")
    there = {sku.id for sku in newest.skus}
    names = {sku.seller_sku for sku in newest.skus}
    lost = [sku for sku in listing.skus if sku.tiktok_sku_id not in there and sku.seller_sku not in names]
    wanted = {(sku.vertical_no, sku.horizontal_no): sku for sku in product.skus}
    missing = [sku_path(wanted[sku.key]) for sku in lost if sku.key in wanted]
    if missing:
        text = f"{', '.join(missing)}: deleted in Seller Center, the SKU is not made again by itself"
        raise Refused("sku_deleted_in_seller_center", text)
    return outcomes.with_ids_of(listing, Intent("edit", "", 0, "", {}), newest), newest
