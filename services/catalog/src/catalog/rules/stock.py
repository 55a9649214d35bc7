"""Stock per SKU: imported once, the merchant's until it is sent, then TikTok's (ST-1 to ST-14)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from catalog.errors import UnknownSku
from catalog.rules.model import Members, SkuNo, SkuStock
from catalog.rules.stamps import last_writer
from shopsync_contracts.events import SkuSent, StockEdit

Stock = Mapping[SkuNo, SkuStock]


def import_stock(stock: Stock, product: Members) -> Stock:
    """Import the stock of SKUs never seen before (ST-1, ST-11). That of other SKUs stays (ST-2, ST-9).

    The sale form decides between stock and pre-order stock (ST-12). Unmanaged stock has no number (ST-7).
    """
    unseen = {}
    managed: bool = product["stock_managed"]
    for sku in product["skus"]:
        number = (sku["vertical_no"], sku["horizontal_no"])
        if number in stock:
            continue
        count = sku["preorder_stock"] if product["sale_form"] == "preorder" else sku["stock"]
        unseen[number] = SkuStock(imported=count if managed else None, unmanaged=not managed)
    return {**stock, **unseen} if unseen else stock


def edit_stock(stock: Stock, edits: Iterable[StockEdit], at: datetime) -> Stock:
    """Set the merchant's stock; the last writer of each SKU wins (ST-10). Raises UnknownSku."""
    edits = list(edits)
    unknown = [number for edit in edits if (number := (edit.vertical_no, edit.horizontal_no)) not in stock]
    if unknown:
        raise UnknownSku(f"stock: the product has no SKU {', '.join(f'({v!r}, {h!r})' for v, h in unknown)}")
    changed = dict(stock)
    for edit in edits:
        number = (edit.vertical_no, edit.horizontal_no)
        changed[number] = replace(stock[number], edit=last_writer(stock[number].edit, edit.quantity, at))
    return changed


def mark_sent(stock: Stock, sent: Iterable[SkuSent]) -> Stock:
    """Record the stock that was sent. Only the first value per SKU is kept (ST-3, ST-13)."""
    changed = dict(stock)
    for sku in sent:
        number = (sku.vertical_no, sku.horizontal_no)
        known = changed.get(number)
        if sku.stock_sent is not None and known is not None and known.sent is None:
            changed[number] = replace(known, sent=sku.stock_sent)
    return changed


def forget_sent(stock: Stock, listed: Iterable[SkuNo]) -> Stock:
    """Forget the stock sent of SKUs that left the listing. If one comes back, TikTok needs its stock again."""
    keep = set(listed)
    return {
        number: known if number in keep or known.sent is None else replace(known, sent=None)
        for number, known in stock.items()
    }
