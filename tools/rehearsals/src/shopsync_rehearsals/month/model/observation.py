"""A product as an import finds it in futureshop at one moment, read by the rules."""

from dataclasses import dataclass
from datetime import datetime

from shopsync_sandbox.shop import Product, Sku

SkuKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ObservedSku:
    """One SKU. `price` in yen, tax included; `stock` None while it is not managed (ST-7)."""

    price: int | None
    stock: int | None
    names: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Observation:
    """One product. `price` is what a buyer pays for a SKU that has no price of its own (PR-2…7)."""

    updated_at: datetime
    preorder: bool
    name: str
    description: str
    images: tuple[str, ...]
    price: int | None
    skus: dict[SkuKey, ObservedSku]


def observe(product: Product, at: datetime, origin: str) -> Observation:
    """The product as an import finds it at `at`. `origin` is put before image paths."""
    preorder = in_force(product, at)
    return Observation(
        updated_at=product.updated_at,
        preorder=preorder,
        name=product.name,
        description=product.description,
        images=tuple(origin + image if image.startswith("/") else image for image in product.images),
        # PR-2: the sale form chooses the price; PR-4, PR-5, PR-6: no other price is looked at.
        price=_taxed(product, product.preorder.price if preorder and product.preorder else product.unit_price),
        skus={sku.key: _observed_sku(product, sku, preorder=preorder) for sku in product.skus},
    )


def in_force(product: Product, at: datetime) -> bool:
    """Whether 予約販売 is in force: within its period (Q6, PR-13)."""
    sale = product.preorder
    if sale is None:
        return False
    return (sale.period_start is None or sale.period_start <= at) and (sale.period_end is None or at <= sale.period_end)


def _observed_sku(product: Product, sku: Sku, *, preorder: bool) -> ObservedSku:
    kind = sku.preorder_stock if preorder else sku.stock  # Q6, ST-12: stock of the matching kind
    return ObservedSku(
        price=_taxed(product, sku.price),  # Q7
        stock=kind if product.stock_managed else None,  # ST-7: 在庫有り is no number
        names=(sku.vertical_name, sku.horizontal_name),
    )


def _taxed(product: Product, price: int | None) -> int | None:
    """PR-7, PR-8, PR-9: 外税 products get their tax, rounded down, in integers."""
    if price is None or product.tax_included:
        return price
    return price + price * product.tax_rate // 100
