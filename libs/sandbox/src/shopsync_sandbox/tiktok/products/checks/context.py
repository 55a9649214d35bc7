from collections.abc import Mapping
from dataclasses import dataclass, field

from shopsync_sandbox.tiktok.settings import Settings
from shopsync_sandbox.tiktok.state.images import ImageStore
from shopsync_sandbox.tiktok.state.model import Product, Shop, SkuContent
from shopsync_sandbox.tiktok.state.world import World
from shopsync_sandbox.tiktok.taxonomy.catalogue import Catalogue


@dataclass(slots=True)
class Context:
    """What a body is checked against. `product` is None on create. `skus`: those of any version of the product."""

    world: World
    shop: Shop
    product: Product | None = None
    skus: Mapping[str, SkuContent] = field(init=False)

    def __post_init__(self) -> None:
        self.skus = {} if self.product is None else self.product.sku_contents()

    @property
    def catalogue(self) -> Catalogue:
        return self.world.catalogue

    @property
    def images(self) -> ImageStore:
        return self.world.images

    @property
    def settings(self) -> Settings:
        return self.world.settings

    def is_locked(self, lock: str) -> bool:
        return self.product is not None and lock in self.product.locks

    def price_of(self, sku_id: str | None) -> int | None:
        """The current price; None for a new SKU, or one of a draft that never had a price."""
        return None if self.product is None else self.product.prices.get(sku_id or "")

    def stock_of(self, sku_id: str | None) -> Mapping[str, int]:
        """The current stock by warehouse id; empty for a new SKU."""
        return {} if self.product is None else self.product.stock.get(sku_id or "", {})
