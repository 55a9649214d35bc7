import re

from shopsync_sandbox.tiktok.bodies import Inventory, Price, SkuBody
from shopsync_sandbox.tiktok.checks.context import Context
from shopsync_sandbox.tiktok.codes import ApiError, Code
from shopsync_sandbox.tiktok.model import Shop
from shopsync_sandbox.tiktok.settings import Settings

_DECIMAL = re.compile(r"\d+\.\d+")


def check_price(price: Price | None, context: Context, *, needed: bool) -> None:
    """Whole yen as a string, in range."""
    if price is None or (price.amount or price.sale_price) is None:
        if needed:
            raise ApiError(Code.PRICE_MISSING, "price is missing")
        return
    amount = price.amount or price.sale_price or ""
    if price.currency != "JPY":
        raise ApiError(Code.PRICE_CURRENCY, f"currency {price.currency!r} is not the one of this region, JPY")
    if _DECIMAL.fullmatch(amount):
        raise ApiError(Code.PRICE_FORMAT, f"price {amount!r} has decimals, JPY has none")
    if not amount.isascii() or not amount.isdigit() or int(amount) == 0:
        raise ApiError(Code.PRICE_INVALID, f"price {amount!r} is not a positive whole number")
    low, high = context.settings.min_price, context.settings.max_price
    if not low <= int(amount) <= high:
        raise ApiError(Code.PRICE_RANGE, f"price {amount} is not between {low} and {high}")


def check_new_inventory(sku: SkuBody, context: Context, *, needed: bool) -> None:
    """Stock in a product body: needed for a new SKU; an existing one keeps its warehouses."""
    if not sku.inventory:
        if needed:
            code = Code.WAREHOUSE_NEEDED if context.shop.sales_warehouses() else Code.WAREHOUSE_NONE
            raise ApiError(code, f"SKU {sku.seller_sku or sku.id} needs inventory in a sales warehouse")
        return
    fault = inventory_fault(sku.inventory, context.shop, context.settings)
    if fault is not None:
        raise fault
    held = context.product.stock.get(sku.id or "") if context.product else None
    if held and set(held) != {entry.warehouse_id for entry in sku.inventory}:
        raise ApiError(Code.WAREHOUSE_CHANGED, f"the warehouses of SKU {sku.id} cannot be changed by an edit")


def inventory_fault(entries: list[Inventory], shop: Shop, settings: Settings) -> ApiError | None:
    """The first fault of a SKU's warehouses and quantities, or None."""
    seen: set[str] = set()
    for entry in entries:
        fault = _warehouse_fault(entry.warehouse_id, shop) or _quantity_fault(entry.quantity, settings)
        if fault is not None:
            return fault
        if entry.warehouse_id in seen:
            return ApiError(Code.WAREHOUSE_TWICE, f"warehouse {entry.warehouse_id} is sent twice")
        seen.add(entry.warehouse_id or "")
    return None


def _warehouse_fault(warehouse_id: str | None, shop: Shop) -> ApiError | None:
    if not warehouse_id:
        return ApiError(Code.WAREHOUSE_NEEDED, "inventory needs a warehouse_id")
    if not shop.sales_warehouses():
        return ApiError(Code.WAREHOUSE_NONE, "the seller has no sales warehouse")
    warehouse = next((w for w in shop.warehouses if w.id == warehouse_id), None)
    if warehouse is None:
        return ApiError(Code.WAREHOUSE_UNKNOWN, f"warehouse {warehouse_id} does not exist")
    if warehouse.type != "SALES_WAREHOUSE":
        return ApiError(Code.WAREHOUSE_NOT_SALES, f"warehouse {warehouse_id} is not a delivery warehouse")
    if warehouse.effect_status != "ENABLED":
        return ApiError(Code.WAREHOUSE_DISABLED, f"warehouse {warehouse_id} is disabled")
    return None


def _quantity_fault(quantity: int | None, settings: Settings) -> ApiError | None:
    if quantity is None:
        return ApiError(Code.QUANTITY_MISSING, "inventory needs a quantity")
    if not settings.min_quantity <= quantity <= settings.max_quantity:
        allowed = f"{settings.min_quantity} to {settings.max_quantity}"
        return ApiError(Code.QUANTITY_RANGE, f"quantity {quantity} is out of range {allowed}")
    return None
