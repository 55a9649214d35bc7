"""The state of the simulated shops, in memory. No rules here."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from shopsync_sandbox.tiktok.protocol.bodies import (
    Body,
    CertificationBody,
    Dimensions,
    IdentifierCode,
    ImageRef,
    ProductAttribute,
    SalesAttribute,
    SizeChart,
    Weight,
)


class SkuContent(Body):
    """The reviewed part of a SKU. Price and stock are on the product, because they change without a review."""

    id: str
    seller_sku: str | None = None
    external_sku_id: str | None = None
    sales_attributes: list[SalesAttribute] = Field(default_factory=list)
    identifier_code: IdentifierCode | None = None


class Content(Body):
    """One version of a product: live, under review, or a draft of a live product."""

    title: str = ""
    description: str = ""
    category_id: str | None = None
    category_version: str = "v1"
    brand_id: str | None = None
    main_images: list[ImageRef] = Field(default_factory=list)
    product_attributes: list[ProductAttribute] = Field(default_factory=list)
    package_weight: Weight | None = None
    package_dimensions: Dimensions | None = None
    certifications: list[CertificationBody] = Field(default_factory=list)
    size_chart: SizeChart | None = None
    external_product_id: str | None = None
    skus: list[SkuContent] = Field(default_factory=list)


@dataclass(slots=True)
class Product:
    """A listing. Times are Unix seconds, prices whole yen, stock is SKU id -> warehouse id -> quantity."""

    id: str
    shop_key: str
    content: Content
    status: str
    audit: str
    create_time: float
    update_time: float
    #: the version under review while `content` stays live; kept when rejected, so that its SKU ids stay known
    under_review: Content | None = None
    #: a draft of a live product (`has_draft`)
    draft: Content | None = None
    prices: dict[str, int] = field(default_factory=dict)
    stock: dict[str, dict[str, int]] = field(default_factory=dict)
    pre_approved_reasons: list[str] = field(default_factory=list)
    failed_reasons: list[dict[str, Any]] = field(default_factory=list)
    deactivation_source: str | None = None
    #: what forbids changes: promotion, appeal, skus, inventory
    locks: set[str] = field(default_factory=set)
    ever_live: bool = False
    #: grows with every submission: a decision about an older one has no effect
    review_round: int = 0

    @property
    def in_review(self) -> Content | None:
        """The edit of a live product that is being reviewed. Not a rejected one, which is kept too."""
        return self.under_review if self.audit in {"AUDITING", "PRE_APPROVED"} else None

    def versions(self) -> tuple[Content, ...]:
        return tuple(v for v in (self.content, self.under_review, self.draft) if v is not None)

    def all_skus(self) -> list[SkuContent]:
        return [sku for version in self.versions() for sku in version.skus]

    def sku_contents(self) -> dict[str, SkuContent]:
        """Every SKU of any version, by id. Later versions take precedence."""
        return {sku.id: sku for sku in self.all_skus()}


@dataclass(slots=True)
class Warehouse:
    """`type` is SALES_WAREHOUSE or RETURN_WAREHOUSE."""

    id: str
    entity_id: str
    name: str
    type: str
    effect_status: str = "ENABLED"
    is_default: bool = False


@dataclass(slots=True)
class Subscription:
    """The address that receives one event type."""

    address: str
    create_time: float
    update_time: float


@dataclass(slots=True)
class Shop:
    """A seller's shop."""

    key: str
    id: str
    cipher: str
    name: str
    code: str
    warehouses: list[Warehouse]
    region: str = "JP"
    seller_type: str = "LOCAL"
    products: dict[str, Product] = field(default_factory=dict)
    by_seller_sku: dict[str, dict[str, None]] = field(default_factory=dict)
    by_sku: dict[str, str] = field(default_factory=dict)
    idempotency: dict[str, str] = field(default_factory=dict)
    #: custom sales attributes and values: (attribute name, "") or (attribute id, value name) -> id
    custom_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    custom_names: dict[str, str] = field(default_factory=dict)
    custom_brands: dict[str, str] = field(default_factory=dict)
    webhooks: dict[str, Subscription] = field(default_factory=dict)
    failed_prerequisites: dict[str, list[str]] = field(default_factory=dict)
    #: what prevents the seller from listing, e.g. inactive
    conditions: set[str] = field(default_factory=set)
    #: moved to the category tree v2
    needs_category_v2: bool = False
    removed_warehouses: list[Warehouse] = field(default_factory=list)
    #: UTC day -> listings started
    listed: dict[str, int] = field(default_factory=dict)
    #: UTC day -> custom brands made
    brands_made: dict[str, int] = field(default_factory=dict)

    def sales_warehouses(self) -> list[Warehouse]:
        return [w for w in self.warehouses if w.type == "SALES_WAREHOUSE"]

    def index(self, product: Product) -> None:
        """Index the product by the SKUs of all its versions."""
        for sku in product.all_skus():
            self.by_sku[sku.id] = product.id
            if sku.seller_sku:
                self.by_seller_sku.setdefault(sku.seller_sku, {})[product.id] = None

    def unindex(self, product: Product) -> None:
        """Undo `index`. Must be called before the versions change."""
        for sku in product.all_skus():
            self.by_sku.pop(sku.id, None)
            owners = self.by_seller_sku.get(sku.seller_sku or "", {})
            owners.pop(product.id, None)
            if not owners:
                self.by_seller_sku.pop(sku.seller_sku or "", None)
