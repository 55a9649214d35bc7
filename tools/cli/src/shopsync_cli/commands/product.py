from typing import Annotated

import typer

from shopsync_cli.commands.context import mongo_of, run
from shopsync_cli.commands.options import AsJson
from shopsync_cli.errors import WrongCall
from shopsync_cli.moments import now
from shopsync_cli.mongo.database import connected
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import print_json
from shopsync_cli.views.product import document_of, print_product
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
    found = run(_read(mongo_of(ctx), shop_key, product_no))
    if as_json:
        print_json(document_of(found, now()))
    else:
        print_product(found, now())


async def _read(settings: MongoSettings, shop_key: str, product_no: str) -> StoredProduct:
    async with connected(settings) as database:
        return await read_product(database, shop_key, product_no)
