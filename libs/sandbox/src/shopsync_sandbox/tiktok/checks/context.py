from collections.abc import Mapping
from dataclasses import dataclass

from shopsync_sandbox.tiktok.catalogue import Catalogue
from shopsync_sandbox.tiktok.images import ImageStore
from shopsync_sandbox.tiktok.model import Product, Shop, SkuContent
from shopsync_sandbox.tiktok.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """What a body is checked against. `product` is None on create."""

    shop: Shop
    product: Product | None
    catalogue: Catalogue
    images: ImageStore
    settings: Settings

    def known_skus(self) -> Mapping[str, SkuContent]:
        return {} if self.product is None else self.product.sku_contents()

    def price_unknown(self, sku_id: str | None) -> bool:
        """Whether an existing SKU (one of a draft) never got a price."""
        return self.product is not None and sku_id not in self.product.prices

    def stock_unknown(self, sku_id: str | None) -> bool:
        return self.product is not None and not self.product.stock.get(sku_id or "")
