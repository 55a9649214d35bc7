"""Update Inventory and Update Price: live at once, without a review."""

from typing import Any

from shopsync_sandbox.tiktok.bodies import Inventory, SkuBody
from shopsync_sandbox.tiktok.checks.context import Context
from shopsync_sandbox.tiktok.checks.stock import check_price, inventory_fault
from shopsync_sandbox.tiktok.codes import ApiError, Code
from shopsync_sandbox.tiktok.journal import Journal
from shopsync_sandbox.tiktok.listings import find
from shopsync_sandbox.tiktok.model import Product, Shop
from shopsync_sandbox.tiktok.world import World

_STOCK_STATES = frozenset({"DRAFT", "PENDING", "FAILED", "ACTIVATE", "SELLER_DEACTIVATED"})


class Stock:
    """Writes of stock and prices outside edits."""

    def __init__(self, world: World, journal: Journal) -> None:
        self._world = world
        self._journal = journal

    def update_inventory(self, shop: Shop, product_id: str, skus: list[SkuBody] | None) -> dict[str, Any]:
        """Overwrite quantities. SKUs that fail are listed inside code 0, the rest is written."""
        product = find(shop, product_id)
        if product.status not in _STOCK_STATES:
            raise ApiError(Code.STATUS, f"status {product.status} does not allow this operation")
        errors = [error for sku in _own_skus(product, skus) if (error := self._write(shop, product, sku))]
        product.update_time = self._world.now()
        self._journal.did("inventory_updates", product.id)
        return {"errors": errors} if errors else {}

    def update_prices(self, shop: Shop, product_id: str, skus: list[SkuBody] | None) -> dict[str, Any]:
        """Overwrite prices of a live product: all or none."""
        product = find(shop, product_id)
        if product.status != "ACTIVATE":
            raise ApiError(Code.PRICE_NOT_ACTIVE, f"price of a product in status {product.status} cannot be updated")
        context = Context(shop, product, self._world.catalogue, self._world.images, self._world.settings)
        sent = _own_skus(product, skus)
        for sku in sent:
            check_price(sku.price, context, needed=True)
        for sku in sent:
            if sku.id and sku.price:
                product.prices[sku.id] = int(sku.price.amount or sku.price.sale_price or "0")
        product.update_time = self._world.now()
        self._journal.did("price_updates", product.id)
        return {}

    def set_by_seller(self, product: Product, sku_id: str, quantity: int) -> None:
        """The seller, or a sale, changes the stock: not counted. Raises KeyError for an unknown SKU."""
        held = product.stock[sku_id]
        product.stock[sku_id] = dict.fromkeys(held, quantity)
        product.update_time = self._world.now()

    def _write(self, shop: Shop, product: Product, sku: SkuBody) -> dict[str, Any] | None:
        entries = _with_default_warehouse(shop, sku.inventory or [])
        held = product.stock.get(sku.id or "", {})
        fault = inventory_fault(entries, shop, self._world.settings)
        if not entries:
            fault = ApiError(Code.QUANTITY_MISSING, "inventory is missing")
        elif fault is None and held and set(held) != {entry.warehouse_id for entry in entries}:
            fault = ApiError(Code.WAREHOUSE_NOT_ALL, "all warehouses of the SKU must be listed, and no others")
        if fault is not None:
            return _wrapped(sku, fault)
        product.stock[sku.id or ""] = {e.warehouse_id or "": e.quantity or 0 for e in entries}
        name = product.sku_contents()[sku.id or ""].seller_sku or sku.id or ""
        self._journal.stock_writes[shop.key, name] += 1
        return None


def _own_skus(product: Product, skus: list[SkuBody] | None) -> list[SkuBody]:
    if not skus:
        raise ApiError(Code.SKUS_EMPTY, "skus is empty")
    known = product.sku_contents()
    for sku in skus:
        if sku.id not in known:
            raise ApiError(Code.SKU_UNKNOWN, f"SKU {sku.id} does not belong to this product")
    return skus


def _with_default_warehouse(shop: Shop, entries: list[Inventory]) -> list[Inventory]:
    """A seller with one usable warehouse need not name it."""
    usable = [w.id for w in shop.sales_warehouses() if w.effect_status == "ENABLED"]
    if len(usable) != 1:
        return entries
    return [e if e.warehouse_id else e.model_copy(update={"warehouse_id": usable[0]}) for e in entries]


def _wrapped(sku: SkuBody, fault: ApiError) -> dict[str, Any]:
    warehouses = [entry.warehouse_id for entry in sku.inventory or [] if entry.warehouse_id]
    extra = {"warehouse_id": warehouses[0] if warehouses else "", "code": int(fault.code), "message": fault.message}
    detail = {"sku_id": sku.id, "extra_errors": [extra]}
    return {"code": int(Code.CHECK_FAILED), "message": "check failed", "detail": detail}
