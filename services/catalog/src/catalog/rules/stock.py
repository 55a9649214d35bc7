"""Stock per SKU: imported once, the merchant's until sent, then TikTok's (ST-1 to ST-14)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from catalog.errors import UnknownSku
from catalog.rules.model import SkuNo, SkuStock
from catalog.rules.stamps import last_writer
from shopsync_contracts.events import SkuSent, StockEdit, UpstreamProduct

Stock = Mapping[SkuNo, SkuStock]


def import_stock(stock: Stock, product: UpstreamProduct) -> Stock:
    """Take the stock, of the kind in force (ST-12), of SKUs never seen before (ST-1, ST-11); others stay (ST-2, ST-9).

    Unmanaged stock is taken as "in stock" without a number (ST-7).
    """
    unseen = {}
    for sku in product.skus:
        number = (sku.vertical_no, sku.horizontal_no)
        if number in stock:
            continue
        count = sku.preorder_stock if product.sale_form == "preorder" else sku.stock
        unseen[number] = SkuStock(
            imported=count if product.stock_managed else None, unmanaged=not product.stock_managed
        )
    return {**stock, **unseen} if unseen else stock


def edit_stock(stock: Stock, edits: Iterable[StockEdit], at: datetime) -> Stock:
    """The merchant's numbers, last writer per SKU (ST-10). Raises UnknownSku naming those never seen."""
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
    """Remember what went out; the first number sent stays (ST-3, ST-13)."""
    changed = dict(stock)
    for sku in sent:
        number = (sku.vertical_no, sku.horizontal_no)
        known = changed.get(number)
        if sku.stock_sent is not None and known is not None and known.sent is None:
            changed[number] = replace(known, sent=sku.stock_sent)
    return changed


def forget_sent(stock: Stock, listed: Iterable[SkuNo]) -> Stock:
    """SKUs no longer part of the listing: should one come back, TikTok makes it again and needs its stock again."""
    keep = set(listed)
    return {
        number: known if number in keep or known.sent is None else replace(known, sent=None)
        for number, known in stock.items()
    }
