"""Update Inventory and Update Price. Both take effect at once, without a review."""

from typing import Any

from shopsync_sandbox.tiktok.journal import Journal
from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.products.checks.price import check_price, price_sent
from shopsync_sandbox.tiktok.products.checks.shop import check_seller_active
from shopsync_sandbox.tiktok.products.checks.skus import check_sku_ids
from shopsync_sandbox.tiktok.products.checks.stock import inventory_faults, lock_faults
from shopsync_sandbox.tiktok.products.lookup import find
from shopsync_sandbox.tiktok.protocol.bodies import Inventory, SkuBody
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.state.model import Product, Shop
from shopsync_sandbox.tiktok.state.world import World

_STOCK_STATES = frozenset({"DRAFT", "PENDING", "FAILED", "ACTIVATE", "SELLER_DEACTIVATED"})


class Stock:
    """Writes of stock and prices outside edits."""

    def __init__(self, world: World, journal: Journal) -> None:
        self._world = world
        self._journal = journal

    def update_inventory(self, shop: Shop, product_id: str, skus: list[SkuBody] | None) -> dict[str, Any]:
        """Overwrite quantities. SKUs that fail are listed in an answer with code 0, the others are written."""
        context = self._context(shop, product_id)
        product = _product(context)
        if product.status not in _STOCK_STATES:
            raise ApiError(Code.STATUS, f"status {product.status} does not allow this operation")
        if context.is_locked("inventory"):
            raise ApiError(Code.STOCK_REFUSED, "the inventory of this product cannot be updated now")
        errors = [error for sku in _own_skus(context, skus) if (error := self._write(context, product, sku))]
        product.update_time = self._world.now()
        self._journal.did("inventory_updates", product.id)
        return {"errors": errors} if errors else {}

    def update_prices(self, shop: Shop, product_id: str, skus: list[SkuBody] | None) -> dict[str, Any]:
        """Overwrite prices of a live product, all or none."""
        context = self._context(shop, product_id)
        product = _product(context)
        if product.status != "ACTIVATE":
            raise ApiError(Code.PRICE_NOT_ACTIVE, f"price of a product in status {product.status} cannot be updated")
        sent = _own_skus(context, skus)
        for sku in sent:
            check_price(sku, context, locked=Code.PRICE_UPDATE_LOCKED, needed=True)
        for sku in sent:
            product.prices[sku.id or ""] = price_sent(sku, context) or 0
        product.update_time = self._world.now()
        self._journal.did("price_updates", product.id)
        return {}

    def set_by_seller(self, product: Product, sku_id: str, quantity: int) -> None:
        """The stock changes by the seller or by a sale. Not counted. Raises KeyError for an unknown SKU."""
        held = product.stock[sku_id]
        product.stock[sku_id] = dict.fromkeys(held, quantity)
        product.update_time = self._world.now()

    def _context(self, shop: Shop, product_id: str) -> Context:
        check_seller_active(shop)
        return Context(self._world, shop, find(self._world, shop, product_id))

    def _write(self, context: Context, product: Product, sku: SkuBody) -> dict[str, Any] | None:
        entries = _with_default_warehouse(context.shop, sku.inventory or [])
        faults = _faults(context, sku, entries)
        if faults:
            return _wrapped(sku, faults)
        product.stock[sku.id or ""] = {e.warehouse_id or "": e.quantity or 0 for e in entries}
        name = context.skus[sku.id or ""].seller_sku or sku.id or ""
        self._journal.stock_writes[context.shop.key, name] += 1
        return None


def _product(context: Context) -> Product:
    if context.product is None:
        raise AssertionError("stock and prices are written for products that exist")
    return context.product


def _faults(context: Context, sku: SkuBody, entries: list[Inventory]) -> list[tuple[ApiError, str]]:
    held = context.stock_of(sku.id)
    if not entries:
        return [(ApiError(Code.QUANTITY_INVALID, "inventory is missing"), "")]
    faults = list(inventory_faults(entries, context))
    if not faults and held and set(held) != {entry.warehouse_id for entry in entries}:
        message = "multiple warehouses: all warehouses of the SKU must be listed, and no others"
        faults.append((ApiError(Code.WAREHOUSE_NOT_ALL, message), entries[0].warehouse_id or ""))
    return faults or list(lock_faults(entries, held, context))


def _own_skus(context: Context, skus: list[SkuBody] | None) -> list[SkuBody]:
    if not skus:
        raise ApiError(Code.SKUS_EMPTY, "skus is empty")
    if not all(sku.id for sku in skus):
        raise ApiError(Code.SKU_ID_NEEDED, "the SKU id is necessary")
    check_sku_ids([sku.id for sku in skus if sku.id], context)
    return skus


def _with_default_warehouse(shop: Shop, entries: list[Inventory]) -> list[Inventory]:
    """A seller with one usable warehouse may leave its id out."""
    usable = [w.id for w in shop.sales_warehouses() if w.effect_status == "ENABLED"]
    if len(usable) != 1:
        return entries
    return [e if e.warehouse_id else e.model_copy(update={"warehouse_id": usable[0]}) for e in entries]


def _wrapped(sku: SkuBody, faults: list[tuple[ApiError, str]]) -> dict[str, Any]:
    extra = [
        {"warehouse_id": warehouse, "code": int(fault.code), "message": fault.message} for fault, warehouse in faults
    ]
    detail = {"sku_id": sku.id, "extra_errors": extra}
    return {"code": int(Code.CHECK_FAILED), "message": "the check failed", "detail": detail}
