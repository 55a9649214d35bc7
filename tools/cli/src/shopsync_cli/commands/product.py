from typing import Annotated

import typer
from rich.text import Text

from shopsync_cli.commands.context import mongo, run
from shopsync_cli.commands.options import AsJson
from shopsync_cli.errors import WrongCall
from shopsync_cli.moments import now
from shopsync_cli.mongo.database import connected
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import out, print_json, print_table, say, visible
from shopsync_cli.views.product import brief, document_of, head_rows
from shopsync_readmodel.products.causes import causes
from shopsync_readmodel.products.fields import SkuRow, field_rows, sku_rows
from shopsync_readmodel.products.product import StoredProduct, read_product

app = typer.Typer(no_args_is_help=True, help="One product: why it stands where it stands.")


@app.command("show")
def show_product(
    ctx: typer.Context,
    *,
    product: Annotated[str, typer.Argument(metavar="SHOP/NO", help="Shop key and product number, such as demo/A-1.")],
    as_json: AsJson = False,
) -> None:
    """The merged product, its layers side by side, what is missing, and who must act (reads MongoDB)."""
    shop_key, slash, product_no = product.partition("/")
    if not (shop_key and slash and product_no) or "/" in product_no:
        raise WrongCall(f"{product!r}: SHOP/NO is expected, such as demo/A-1")
    found = run(_read(mongo(ctx), shop_key, product_no))
    if as_json:
        print_json(document_of(found, now()))
    else:
        _print(found)


async def _read(settings: MongoSettings, shop_key: str, product_no: str) -> StoredProduct:
    async with connected(settings) as database:
        return await read_product(database, shop_key, product_no)


def _print(found: StoredProduct) -> None:
    moment, console = now(), out()
    name = f"  {found.snapshot.content.name}" if found.snapshot is not None else ""
    if found.snapshot is None:
        name = "  (deleted from the tool)" if found.tombstone is not None else "  (not imported yet)"
    console.print(Text(visible(f"{found.shop_key}/{found.product_no}{name}", in_one_line=True), style="bold"))
    print_table(("", ""), head_rows(found, moment), console=console)
    if reasons := causes(found, moment):
        say("")
        print_table(
            ("who must act", "why", "what helps"), ((one.who, one.what, one.do) for one in reasons), console=console
        )
    elif found.snapshot is not None:
        say("nothing to be done")
    if found.snapshot is None:
        return
    say("")
    fields = [
        (row.field, brief(row.futureshop), brief(row.tool), row.tool_at, row.standing, brief(row.in_force))
        for row in field_rows(found)
    ]
    print_table(("field", "futureshop", "tool", "entered at", "", "in force"), fields, console=console)
    say("")
    columns = ("SKU", "choice", "price futureshop", "price", "stock imported", "stock tool", "entered at", "stock",
               "stock sent", "TikTok SKU")  # fmt: skip
    print_table(columns, map(_sku, sku_rows(found)), console=console)


def _sku(row: SkuRow) -> tuple[object, ...]:
    return (
        f"{row.vertical_no}:{row.horizontal_no}",
        row.name if row.is_upstream else "(gone upstream)",
        row.futureshop_price,
        row.price,
        "在庫有り" if row.stock_unmanaged and row.stock_imported is None else row.stock_imported,
        row.stock_edit,
        row.stock_edited_at,
        row.stock,
        row.stock_sent,
        row.tiktok_sku_id,
    )
