from collections.abc import Iterator, Mapping, Sequence

from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.protocol.bodies import Inventory, SkuBody
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code

#: A fault and its warehouse.
Fault = tuple[ApiError, str]


def check_new_inventory(sku: SkuBody, context: Context) -> None:
    """Check stock in a product body: a new SKU needs it, an existing one keeps its warehouses."""
    held, entries = context.stock_of(sku.id), sku.inventory or []
    is_draft = context.product is not None and context.product.status == "DRAFT"
    if not entries and not held:
        code = Code.WAREHOUSE_NEEDED if context.shop.sales_warehouses() else Code.WAREHOUSE_NONE
        raise ApiError(code, f"SKU {sku.seller_sku or sku.id} needs inventory in a sales warehouse")
    if not entries and not is_draft:
        return
    # The stock of a draft has not been checked yet.
    entries = entries or [Inventory(warehouse_id=key, quantity=quantity) for key, quantity in held.items()]
    first = next(inventory_faults(entries, context), None) or (None if is_draft else _moved(sku, entries, held))
    first = first or next(lock_faults(entries, held, context), None)
    if first is not None:
        raise first[0]


def inventory_faults(entries: Sequence[Inventory], context: Context) -> Iterator[Fault]:
    """All faults of a SKU's warehouses and quantities, at most one per entry."""
    seen: set[str] = set()
    for entry in entries:
        warehouse_id = entry.warehouse_id or ""
        fault = _warehouse_fault(warehouse_id, context) or _quantity_fault(entry, context)
        if fault is None and warehouse_id in seen:
            fault = ApiError(Code.WAREHOUSE_TWICE, f"warehouse {warehouse_id} is sent twice")
        if fault is not None:
            yield fault, warehouse_id
        seen.add(warehouse_id)


def lock_faults(entries: Sequence[Inventory], held: Mapping[str, int], context: Context) -> Iterator[Fault]:
    """A promotion forbids to reduce stock."""
    if not context.is_locked("promotion"):
        return
    for entry in entries:
        now = held.get(entry.warehouse_id or "", 0)
        if (entry.quantity or 0) < now:
            message = f"the product is locked for a promotion, its stock cannot be set below {now}"
            yield ApiError(Code.STOCK_LOCKED, message), entry.warehouse_id or ""


def _moved(sku: SkuBody, entries: Sequence[Inventory], held: Mapping[str, int]) -> Fault | None:
    sent = {entry.warehouse_id or "" for entry in entries}
    if not held or sent == held.keys():
        return None
    code = Code.WAREHOUSE_DROPPED if sent < held.keys() else Code.WAREHOUSE_CHANGED
    return ApiError(code, f"the warehouses of SKU {sku.id} cannot be changed by an edit"), ""


def _warehouse_fault(warehouse_id: str, context: Context) -> ApiError | None:
    if not warehouse_id:
        return ApiError(Code.WAREHOUSE_NEEDED, "inventory needs a warehouse_id")
    if not context.shop.sales_warehouses():
        return ApiError(Code.WAREHOUSE_NONE, "the seller has no sales warehouse")
    warehouse = next((w for w in context.shop.warehouses if w.id == warehouse_id), None)
    if warehouse is None:
        return _unknown_warehouse(warehouse_id, context)
    if warehouse.type != "SALES_WAREHOUSE":
        return ApiError(Code.WAREHOUSE_NOT_SALES, f"warehouse {warehouse_id} is not a delivery warehouse")
    if warehouse.effect_status != "ENABLED":
        return ApiError(Code.WAREHOUSE_DISABLED, f"warehouse {warehouse_id} is disabled")
    return None


def _unknown_warehouse(warehouse_id: str, context: Context) -> ApiError:
    others = (warehouse.id for shop in context.world.shops.values() for warehouse in shop.warehouses)
    if warehouse_id in others:
        return ApiError(Code.WAREHOUSE_FOREIGN, f"warehouse {warehouse_id} does not belong to this shop")
    return ApiError(Code.WAREHOUSE_UNKNOWN, f"warehouse {warehouse_id} does not exist")


def _quantity_fault(entry: Inventory, context: Context) -> ApiError | None:
    quantity, settings = entry.quantity, context.settings
    if quantity is None or quantity < 0:
        return ApiError(Code.QUANTITY_INVALID, f"stock count {quantity} is invalid")
    if not settings.min_quantity <= quantity <= settings.max_quantity:
        allowed = f"{settings.min_quantity} to {settings.max_quantity}"
        return ApiError(Code.QUANTITY_RANGE, f"quantity {quantity} is out of range {allowed}")
    if (entry.backorder_quantity is None) != (entry.handling_time is None):
        return ApiError(Code.BACKORDER, "backorder_quantity and handling_time are only taken together")
    return None
