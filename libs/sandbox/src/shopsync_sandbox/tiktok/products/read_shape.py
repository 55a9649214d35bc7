"""Products as they are read: the shape differs from the one that is written."""

from collections.abc import Collection
from typing import Any

from shopsync_sandbox.tiktok.products.lookup import find
from shopsync_sandbox.tiktok.protocol.bodies import CertificationBody, ImageRef, SalesAttribute
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.state.images import url_path
from shopsync_sandbox.tiktok.state.model import Content, Product, Shop, SkuContent
from shopsync_sandbox.tiktok.state.world import World

_REMOVED = frozenset({"DELETED", "FREEZE"})


class Reader:
    """`base_url` is the address that images are served from."""

    def __init__(self, world: World, base_url: str) -> None:
        self._world = world
        self._base_url = base_url

    def get(self, shop: Shop, product_id: str, *, under_review: bool, draft: bool) -> dict[str, Any]:
        """Get Product: the live version, or the one under review (12052547 without one), or the draft."""
        unknown = Code.PRODUCT_UNKNOWN_IN_READ
        product = find(self._world, shop, product_id, unknown, foreign=unknown)
        if product.status in _REMOVED and not self._world.settings.get_removed:
            raise ApiError(unknown, f"product {product_id} does not exist")
        content = product.content
        if under_review:
            content = self._under_review(product)
        elif draft and product.draft is not None:
            content = product.draft
        return {**self._head(product), **self._content(shop, product, content)}

    def row(self, shop: Shop, product: Product, *, draft: bool = False, lacks: Collection[str] = ()) -> dict[str, Any]:
        """One product of a search reply, with its draft instead of the live version on request.

        `lacks`: members that this version of the search does not have.
        """
        content = (product.draft if draft else None) or product.content
        head = self._head(product)
        keep = ("id", "status", "audit", "has_draft", "create_time", "update_time", "is_not_for_sale")
        skus = [self._sku(product, sku) for sku in content.skus]
        short = [name for name in ("id", "seller_sku", "price", "inventory", "status_info") if name not in lacks]
        return {
            **{name: head[name] for name in keep if name not in lacks},
            "title": content.title,
            "sales_regions": [shop.region],
            "skus": [{name: sku[name] for name in short if name in sku} for sku in skus],
        }

    def _under_review(self, product: Product) -> Content:
        if product.audit not in {"AUDITING", "PRE_APPROVED"}:
            raise ApiError(Code.NONE_UNDER_REVIEW, "the product has no version under review")
        return product.in_review or product.content

    def _head(self, product: Product) -> dict[str, Any]:
        return {
            "id": product.id,
            "status": product.status,
            "product_status": product.status,
            "audit": {
                "status": product.audit,
                "pre_approved_reasons": list(product.pre_approved_reasons),
                "not_submitted_reasons": self._not_submitted(product),
            },
            "audit_failed_reasons": list(product.failed_reasons),
            "has_draft": product.draft is not None,
            "create_time": int(product.create_time),
            "update_time": int(product.update_time),
            "is_not_for_sale": False,
            "is_cod_allowed": False,
            "delivery_options": [],
            "recommended_categories": [],
        }

    def _not_submitted(self, product: Product) -> list[str]:
        """Why a draft cannot go to review."""
        shop = self._world.shop(product.shop_key)
        reasons = {
            "PAYMENT_ACCOUNT_NOT_LINKED": "BANk_ACCOUNT" in shop.failed_prerequisites,
            "SHOP_INACTIVE": "inactive" in shop.conditions,
        }
        return [reason for reason, given in reasons.items() if given and product.status == "DRAFT"]

    def _content(self, shop: Shop, product: Product, content: Content) -> dict[str, Any]:
        catalogue = self._world.catalogue
        optional = {
            "package_weight": content.package_weight and content.package_weight.model_dump(exclude_none=True),
            "package_dimensions": content.package_dimensions
            and content.package_dimensions.model_dump(exclude_none=True),
            "external_product_id": content.external_product_id,
            "certifications": [self._certification(c) for c in content.certifications] or None,
            "size_chart": self._size_chart(content),
            "brand": self._brand(shop, content.brand_id),
        }
        return {
            "title": content.title,
            "description": content.description,
            "category_chains": [
                {
                    "id": category.id,
                    "parent_id": category.parent_id,
                    "local_name": category.name,
                    "is_leaf": catalogue.is_leaf(category.id),
                }
                for category in catalogue.chain(content.category_id or "")
            ],
            "main_images": [self._image(ref) for ref in content.main_images],
            "product_attributes": self._attributes(content),
            "skus": [self._sku(product, sku) for sku in content.skus],
            **{key: value for key, value in optional.items() if value is not None},
        }

    def _certification(self, sent: CertificationBody) -> dict[str, Any]:
        rules = (self._world.catalogue.rules(category) for category in self._world.catalogue.categories)
        titles = {c.id: c.name for rule in rules for c in rule.certifications}
        found: dict[str, Any] = {
            "id": sent.id,
            "title": titles.get(sent.id or "", ""),
            "images": [self._image(image) for image in sent.images or []],
            "files": [file.model_dump(exclude_none=True) for file in sent.files or []],
        }
        return found if sent.expiration_date is None else {**found, "expiration_date": sent.expiration_date}

    def _size_chart(self, content: Content) -> dict[str, Any] | None:
        chart = content.size_chart
        if chart is None:
            return None
        image = {"image": self._image(chart.image)} if chart.image else {}
        return {**image, **({"template": {"id": chart.template.id}} if chart.template else {})}

    def _brand(self, shop: Shop, brand_id: str | None) -> dict[str, str] | None:
        known = self._world.catalogue.brands.get(brand_id or "")
        name = known.name if known else shop.custom_brands.get(brand_id or "")
        return {"id": brand_id, "name": name} if brand_id and name else None

    def _image(self, ref: ImageRef) -> dict[str, Any]:
        image = self._world.images.get(ref.uri or "")
        if image is None:
            return {"uri": ref.uri}
        url = self._base_url + url_path(image.uri)
        size = {"width": image.width, "height": image.height}
        return {"uri": image.uri, "urls": [url], "thumb_urls": [url], **size}

    def _attributes(self, content: Content) -> list[dict[str, Any]]:
        rules = self._world.catalogue.product_attributes(content.category_id or "")
        found: list[dict[str, Any]] = []
        for sent in content.product_attributes:
            rule = rules.get(sent.id or "")
            named = rule.values if rule else {}
            values = [{"id": v.id or "", "name": named.get(v.id or "", v.name or "")} for v in sent.values or []]
            found.append({"id": sent.id, "name": rule.name if rule else "", "values": values})
        return found

    def _sku(self, product: Product, sku: SkuContent) -> dict[str, Any]:
        price = product.prices.get(sku.id)
        inventory = product.stock.get(sku.id, {})
        hidden = product.status in {"SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED"}
        status_info = {"status": "DEACTIVATED" if hidden else "NORMAL"}
        if hidden and product.deactivation_source:
            status_info["deactivation_source"] = product.deactivation_source
        optional = {
            "seller_sku": sku.seller_sku,
            "external_sku_id": sku.external_sku_id,
            "price": None if price is None else _price(price),
            "identifier_code": sku.identifier_code and sku.identifier_code.model_dump(exclude_none=True),
        }
        return {
            "id": sku.id,
            "sales_attributes": [self._sales_attribute(attribute) for attribute in sku.sales_attributes],
            "inventory": [{"warehouse_id": w, "quantity": quantity} for w, quantity in inventory.items()],
            "status_info": status_info,
            **{key: value for key, value in optional.items() if value is not None},
        }

    def _sales_attribute(self, attribute: SalesAttribute) -> dict[str, Any]:
        shape: dict[str, Any] = {
            "id": attribute.id,
            "name": attribute.name,
            "value_id": attribute.value_id,
            "value_name": attribute.value_name,
        }
        if attribute.sku_img is not None:
            shape["sku_img"] = self._image(attribute.sku_img)
        return shape


def _price(yen: int) -> dict[str, str]:
    """JP: both prices are equal."""
    return {"currency": "JPY", "tax_exclusive_price": str(yen), "sale_price": str(yen)}
