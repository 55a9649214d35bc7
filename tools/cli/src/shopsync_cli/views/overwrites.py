"""The dry run of 一括情報更新, as tables or as JSON."""

from dataclasses import asdict

from shopsync_cli.views.output import out, print_json, print_table, say, show
from shopsync_cli.views.product import brief
from shopsync_readmodel.products.overwrites import DryRun, Overwrite
from shopsync_runtime.wording import counted


def print_overwrites(found: DryRun, *, as_json: bool) -> None:
    """The edits that would be overwritten, those that would not, and the counts."""
    if as_json:
        mode, ended_at = found.last_import or (None, None)
        print_json(
            {
                "shop_key": found.shop_key,
                "mode": "overwrite_all",
                "published": False,
                "last_import": None if mode is None else {"mode": mode, "ended_at": ended_at},
                "overwrites": [asdict(row) for row in found.falling],
                "untouched": [asdict(row) for row in found.untouched],
                "counts": found.counts(),
            }
        )
        return
    console = out()
    if found.falling:
        columns = (
            "product",
            "連携対象",
            "field",
            "the tool's value",
            "edited at",
            "futureshop's, comes back",
            "read at",
            "",
        )
        print_table(columns, map(_row, found.falling), console=console)
    if found.untouched:
        untouched = ("gone upstream, untouched", "連携対象", "field", "the tool's value", "edited at")
        print_table(untouched, (_row(row)[:5] for row in found.untouched), console=console)
    counts = found.counts()
    say(
        f"{counted(counts['edits'], 'edit')} of {counted(counts['products'], 'product')} would fall"
        f" ({counts['products_on']} ON),"
        f" {counts['edits_that_change_nothing']} without another value;"
        f" {counted(counts['products_untouched'], 'product')} gone upstream: edits untouched"
    )
    mode, ended_at = found.last_import or ("", None)
    last = "no import is on record" if ended_at is None else f"the last import ({mode}) ended {show(ended_at)}"
    say(f"futureshop's values are those last read ({last}); what was changed there since comes as it is then")
    say("dry run: nothing was published")


def _row(row: Overwrite) -> tuple[object, ...]:
    prices = "" if row.sku_prices is None else f" (SKUs {row.sku_prices[0]}–{row.sku_prices[1]})"
    return (
        row.product_no,
        "ON" if row.sync_enabled else "OFF",
        row.field,
        brief(row.tool),
        row.edited_at,
        f"{brief(row.futureshop)}{prices}",
        row.as_of,
        "" if row.changes else "the same",
    )
