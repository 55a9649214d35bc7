import shlex
from dataclasses import asdict
from typing import Annotated

import typer

from shopsync_cli.commands.context import mongo_of, run
from shopsync_cli.commands.options import AsJson
from shopsync_cli.errors import WrongCall
from shopsync_cli.mongo.database import connected
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import print_json, print_table, say
from shopsync_cli.views.products import PRODUCT_COLUMNS, print_counts, product_row
from shopsync_readmodel.products.counts import ShopCounts, count_products
from shopsync_readmodel.products.search import Page, ProductFilter, read_page
from shopsync_readmodel.shops.settings import require_shop
from shopsync_readmodel.statuses import StatusName
from shopsync_runtime.wording import counted

app = typer.Typer()

ONE_PAGE = 50
Shop = Annotated[str | None, typer.Option("--shop", help="Only this shop (店舗KEY).")]


@app.callback(invoke_without_command=True)
def list_products(
    ctx: typer.Context,
    *,
    shop: Shop = None,
    status: Annotated[list[StatusName] | None, typer.Option(help="Only this 状態; repeat for more.")] = None,
    keyword: Annotated[str | None, typer.Option(help="Part of the name, letter case aside.")] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Only 連携対象 ON, or only OFF.")] = None,
    removed: Annotated[bool, typer.Option("--removed", help="Only those gone from futureshop.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Products on a page.")] = ONE_PAGE,
    after: Annotated[str | None, typer.Option(metavar="CURSOR", help="The next page, as the one before says.")] = None,
    as_json: AsJson = False,
) -> None:
    """The product list (商品一覧), by shop and number; conditions together mean AND (reads MongoDB)."""
    if ctx.invoked_subcommand is not None:
        _refuse_options_before(ctx)
        return
    chosen = ProductFilter(shop, tuple(one.value for one in status or ()), keyword, on, removed)
    page = run(_page(mongo_of(ctx), chosen, limit, after))
    if as_json:
        print_json({"products": [asdict(one) for one in page.products], "more": page.more, "next": page.cursor})
        return
    print_table(PRODUCT_COLUMNS, map(product_row, page.products))
    say(f"{counted(len(page.products), 'product')}, {page.more} more")
    if page.cursor is not None:
        say(f"next page: {_next_page(chosen, limit, page.cursor)}")


@app.command("summary")
def summary(ctx: typer.Context, *, shop: Shop = None, as_json: AsJson = False) -> None:
    """How many products of each shop stand where (reads MongoDB)."""
    shops = run(_summaries(mongo_of(ctx), shop))
    if as_json:
        print_json([asdict(one) for one in shops])
        return
    for one in shops:
        print_counts(one)
    if not shops:
        say("no shops")


def _refuse_options_before(ctx: typer.Context) -> None:
    sources = [ctx.get_parameter_source(name) for name in ctx.params]
    if any(source is not None and source.name == "COMMANDLINE" for source in sources):
        raise WrongCall(f"options of {ctx.invoked_subcommand} stand behind it: products {ctx.invoked_subcommand} --…")


async def _page(settings: MongoSettings, chosen: ProductFilter, limit: int, after: str | None) -> Page:
    async with connected(settings) as database:
        if chosen.shop_key is not None:
            await require_shop(database, chosen.shop_key)
        return await read_page(database, chosen, limit=limit, after=after)


async def _summaries(settings: MongoSettings, shop: str | None) -> list[ShopCounts]:
    async with connected(settings) as database:
        if shop is not None:
            await require_shop(database, shop)
        return await count_products(database, shop)


def _next_page(chosen: ProductFilter, limit: int, cursor: str) -> str:
    words = ["shopsync", "products"]
    words += [] if chosen.shop_key is None else ["--shop", chosen.shop_key]
    for one in chosen.statuses:
        words += ["--status", one]
    words += ["--keyword", chosen.keyword] if chosen.keyword else []
    words += [] if chosen.sync_enabled is None else ["--on" if chosen.sync_enabled else "--off"]
    words += ["--removed"] if chosen.removed else []
    words += [] if limit == ONE_PAGE else ["--limit", str(limit)]
    return shlex.join([*words, "--after", cursor])
