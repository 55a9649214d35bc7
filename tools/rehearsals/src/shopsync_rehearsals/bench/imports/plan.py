from dataclasses import dataclass
from math import ceil

PRODUCTS_PER_PAGE = 250
STOCK_PER_PAGE = 100
"""futureshop's largest pages: 商品検索 takes `count` up to 250, 在庫検索 has no such parameter and returns 100."""

_SLACK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One import of one shop. `rate`: calls per second that futureshop allows and the ingestor is set to."""

    products: int = 100_000
    rate: float = 4.0
    seed: int = 7
    shop_key: str = "big"
    patience: float | None = None

    @property
    def product_pages(self) -> int:
        """Calls of 商品検索 that no import can do without."""
        return ceil(self.products / PRODUCTS_PER_PAGE)

    @property
    def stock_pages(self) -> int:
        """Calls of 在庫検索 that no import can do without."""
        return ceil(self.products / STOCK_PER_PAGE)

    @property
    def calls(self) -> int:
        """Both; the token call is not counted."""
        return self.product_pages + self.stock_pages

    @property
    def least_seconds(self) -> float:
        """What the calls take at the allowed rate when nothing else takes any time."""
        return self.calls / self.rate

    @property
    def bound(self) -> float:
        """When the run is given up: `patience`, else twice the least time, and some slack."""
        return self.patience if self.patience is not None else 2 * self.least_seconds + _SLACK_SECONDS
