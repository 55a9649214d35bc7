"""The product list and the counts of a shop as tables."""

from typing import Any

from shopsync_cli.views.output import print_table, say
from shopsync_cli.views.product import brief
from shopsync_readmodel.products.counts import ShopCounts
from shopsync_readmodel.products.search import ListedProduct
from shopsync_readmodel.statuses import in_words
from shopsync_runtime.wording import counted

PRODUCT_COLUMNS = ("product", "name", "状態", "連携対象", "price", "stock", "missing", "TikTok product", "")


def product_row(one: ListedProduct) -> tuple[Any, ...]:
    """One line of the list."""
    return (
        f"{one.shop_key}/{one.product_no}",
        brief(one.name),
        in_words(one.status),
        "ON" if one.sync_enabled else "OFF",
        one.price_from if one.price_from == one.price_to else f"{one.price_from}–{one.price_to}",
        _stock(one),
        ", ".join(one.missing) or None,
        one.tiktok_product_id,
        " ".join((*(["live"] if one.live else []), *(["gone upstream"] if one.removed_upstream else []))),
    )


def _stock(one: ListedProduct) -> str | None:
    if one.stock is None:
        return None
    without = f", {counted(one.skus_without_stock, 'SKU')} without" if one.skus_without_stock else ""
    return f"{one.stock}{without}"


def print_counts(one: ShopCounts) -> None:
    """The counts of one shop."""
    rows = [(in_words(name), count["on"], count["off"], sum(count.values())) for name, count in one.statuses.items()]
    print_table((one.shop_key, "ON", "OFF", "all"), rows)
    facts = {
        "products": one.products,
        "live at TikTok Shop": one.live,
        "with edits in force": one.with_edits,
        "gone upstream": one.removed_upstream,
    }
    say(", ".join(f"{name} {count}" for name, count in facts.items()))
    if one.oldest_pending is not None:
        row = ("oldest 同期待ち that is ON", one.oldest_pending.product_no, one.oldest_pending.since)
        print_table(("", "", "as it is since"), [row])
    say("")
