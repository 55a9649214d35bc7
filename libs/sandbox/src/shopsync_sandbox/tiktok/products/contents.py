"""Converts request bodies to product versions and back, and to replies."""

from collections.abc import Sequence
from typing import Any

from shopsync_sandbox.tiktok.identity import Ids
from shopsync_sandbox.tiktok.products.variations import resolve
from shopsync_sandbox.tiktok.protocol.bodies import ProductBody, SkuBody
from shopsync_sandbox.tiktok.state.model import Content, Product, Shop, SkuContent
from shopsync_sandbox.tiktok.taxonomy.catalogue import Catalogue

_PLAIN = (
    "title",
    "description",
    "category_id",
    "category_version",
    "brand_id",
    "main_images",
    "product_attributes",
    "package_weight",
    "package_dimensions",
    "certifications",
    "size_chart",
    "external_product_id",
)


def content_of(body: ProductBody, shop: Shop, catalogue: Catalogue, ids: Ids) -> Content:
    """A version from a whole body. SKUs without an id get a new one."""
    return Content(
        title=body.title or "",
        description=body.description or "",
        category_id=body.category_id,
        category_version=body.category_version or "v1",
        brand_id=body.brand_id,
        main_images=body.main_images or [],
        product_attributes=body.product_attributes or [],
        package_weight=body.package_weight,
        package_dimensions=body.package_dimensions,
        certifications=body.certifications or [],
        size_chart=body.size_chart,
        external_product_id=body.external_product_id,
        skus=[_sku(sku, shop, catalogue, ids) for sku in body.skus or []],
    )


def body_of(content: Content) -> ProductBody:
    """The version as a full edit that changes nothing: the base of a partial edit."""
    skus = [
        SkuBody(
            id=sku.id,
            seller_sku=sku.seller_sku,
            external_sku_id=sku.external_sku_id,
            sales_attributes=sku.sales_attributes,
            identifier_code=sku.identifier_code,
        )
        for sku in content.skus
    ]
    return ProductBody(**{name: getattr(content, name) for name in _PLAIN}, skus=skus)


def changed_fields(before: Content, after: Content) -> list[str]:
    """Top-level members that differ."""
    return [name for name in (*_PLAIN, "skus") if getattr(before, name) != getattr(after, name)]


def apply_prices(product: Product, sent: Sequence[SkuBody], content: Content, *, local: bool) -> None:
    """Set the prices that were sent: `amount` for a local seller, else `sale_price`. Others stay as they are.

    Text that is not a price, which a draft may have, is dropped.
    """
    for body, sku in zip(sent, content.skus, strict=True):
        amount = (body.price and (body.price.amount if local else body.price.sale_price)) or ""
        if amount.isascii() and amount.isdigit():
            product.prices[sku.id] = int(amount)


def apply_stock(product: Product, sent: Sequence[SkuBody], content: Content) -> list[SkuContent]:
    """Set the stock that was sent; the rest stays as it is. Returns the SKUs whose stock was written."""
    written: list[SkuContent] = []
    for body, sku in zip(sent, content.skus, strict=True):
        stock = {e.warehouse_id: e.quantity for e in body.inventory or [] if e.warehouse_id and e.quantity is not None}
        if stock:
            product.stock[sku.id] = stock
            written.append(sku)
    return written


def written_reply(product: Product, content: Content) -> dict[str, Any]:
    """`data` of create and edit replies."""
    skus = [
        {
            "id": sku.id,
            "seller_sku": sku.seller_sku,
            "external_sku_id": sku.external_sku_id,
            "sales_attributes": [{"id": a.id, "value_id": a.value_id} for a in sku.sales_attributes],
        }
        for sku in content.skus
    ]
    return {"product_id": product.id, "skus": [{k: v for k, v in sku.items() if v is not None} for sku in skus]}


def _sku(body: SkuBody, shop: Shop, catalogue: Catalogue, ids: Ids) -> SkuContent:
    return SkuContent(
        id=body.id or ids.next(),
        seller_sku=body.seller_sku,
        external_sku_id=body.external_sku_id,
        sales_attributes=[resolve(shop, catalogue, ids, a) for a in body.sales_attributes or []],
        identifier_code=body.identifier_code,
    )
