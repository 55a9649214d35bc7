"""Values that a product lacks before it can be sent, and who can enter them. Pure."""

from shopsync_contracts.events import ProductSnapshot, SnapshotError
from shopsync_readmodel.actors import Actor, Cause
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.stored.layers import UPSTREAM_FIELDS, SkuNo

_UPSTREAM = (*UPSTREAM_FIELDS, "axes", "skus")


def missing_value(name: str, found: StoredProduct, snapshot: ProductSnapshot) -> Cause:
    """Who can enter it, and where. `name`: as the snapshot lists it in `missing`."""
    root = name.partition("[")[0].partition(".")[0]
    is_stock = name == "stock" or name.endswith(".stock")
    who = Actor.FUTURESHOP if root in _UPSTREAM and not is_stock else Actor.TOOL
    place = "correct it in futureshop and import, or correct it in the tool"
    if who is Actor.FUTURESHOP and root not in UPSTREAM_FIELDS:
        place = "correct it in futureshop and import"
        if name.endswith(".price"):
            place = "enter a price in futureshop and import, or a price in the tool"
    if who is Actor.TOOL or root in snapshot.edited_fields:
        who, place = Actor.TOOL, "enter it (商品詳細 or 一括入力・変更)"
    elif snapshot.removed_upstream is not None and root in UPSTREAM_FIELDS:
        who, place = Actor.TOOL, "enter it in the tool: futureshop has the product no more"
    if is_stock:
        place = "enter at least 1 per SKU: an import brings stock only once (ST-1, ST-8)"
    return Cause(who, f"{name}: {_what_is_missing(name, found, snapshot)}", place)


def _what_is_missing(name: str, found: StoredProduct, snapshot: ProductSnapshot) -> str:
    outcome = found.layers.listing.outcome
    is_refused = outcome is not None and outcome.content_version == snapshot.content_version
    if is_refused and outcome is not None and outcome.kind == "incomplete" and name in outcome.missing:
        return _refusal(name, snapshot.error)
    if name == "stock":
        return f"none for {', '.join(_without_stock(found, snapshot)) or 'a SKU'}"
    if name == "price":
        blank = [_sku(sku.vertical_no, sku.horizontal_no) for sku in snapshot.skus if not sku.price]
        return f"none for {_few(blank)}" if len(snapshot.skus) > 1 and blank else "blank in the sale form in force"
    if name == "package_dimensions_cm":
        size = snapshot.content.package_dimensions_cm
        blank = [side for side in ("length", "width", "height") if size is None or not getattr(size, side)]
        return f"{', '.join(blank)} blank"
    return "blank"


def _refusal(name: str, error: SnapshotError | None) -> str:
    """The publisher's text: its part about this field where there is one, else the whole."""
    if error is None:
        return "refused by the check before sending (the text is in push.failed, `shopsync tail listing-events`)"
    own = [part.removeprefix(f"{name}: ") for part in error.message.split("; ") if part.startswith(f"{name}: ")]
    return "; ".join(own) or error.message


def _without_stock(found: StoredProduct, snapshot: ProductSnapshot) -> list[str]:
    stock = found.layers.stock
    lacking = []
    for sku in snapshot.skus:
        number: SkuNo = (sku.vertical_no, sku.horizontal_no)
        is_sent = number in stock and stock[number].sent is not None
        if not sku.stock and not is_sent:
            lacking.append(f"{_sku(*number)}{' (在庫有り)' if sku.stock_unmanaged and sku.stock is None else ''}")
    return [_few(lacking)] if lacking else []


def _sku(vertical: str, horizontal: str) -> str:
    return f"{vertical}:{horizontal}" if vertical or horizontal else "the only SKU"


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
