from typing import Annotated

import typer

from shopsync_cli.commands.context import mongo_of, run
from shopsync_cli.commands.options import AsJson, Limit, OfShop, Timeout, Wait
from shopsync_cli.commands.requests import request
from shopsync_cli.mongo.database import connected
from shopsync_cli.publishing.bodies import build
from shopsync_cli.publishing.events import event_of
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import out, print_json, print_table
from shopsync_cli.views.runs import SWEEP_COLUMNS, as_document, sweep_row, sweep_rows
from shopsync_contracts.events import SweepRequested
from shopsync_readmodel.runs.sweeps import Sweep, find_sweep, newest_sweeps
from shopsync_readmodel.shops.settings import require_shop

app = typer.Typer(no_args_is_help=True, help="Sweeps: what the nightly removals did.")


def sweep(
    ctx: typer.Context,
    *,
    shop: Annotated[str, typer.Option("--shop", help="Shop key (店舗KEY).")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Enumerate and report what would be deleted; delete nothing.")
    ] = False,
    wait: Wait = False,
    timeout: Timeout = 600,
    as_json: AsJson = False,
) -> None:
    """Remove now what is gone upstream and OFF, as every night."""
    body = build(SweepRequested, shop_key=shop, dry_run=dry_run)
    request(ctx, event_of(body), wait=wait, timeout=timeout, as_json=as_json)


@app.command("list")
def list_sweeps(ctx: typer.Context, *, shop: OfShop = None, limit: Limit = 30, as_json: AsJson = False) -> None:
    """The newest sweeps first (reads MongoDB)."""
    found = run(_newest(mongo_of(ctx), shop, limit))
    if as_json:
        print_json([as_document(sweep) for sweep in found])
        return
    print_table(SWEEP_COLUMNS, map(sweep_row, found))


@app.command("show")
def show_sweep(
    ctx: typer.Context,
    *,
    sweep: Annotated[str, typer.Argument(metavar="ID", help="Id of the sweep, its beginning, or the request's id.")],
    as_json: AsJson = False,
) -> None:
    """One sweep with the verdict of every product (reads MongoDB)."""
    found = run(_one(mongo_of(ctx), sweep))
    if as_json:
        print_json(as_document(found))
        return
    console = out()
    print_table(("", ""), sweep_rows(found), console=console)
    if found.verdicts:
        print_table(("product", "what"), sorted(found.verdicts), console=console)


async def _newest(settings: MongoSettings, shop: str | None, limit: int) -> list[Sweep]:
    async with connected(settings) as database:
        found = await newest_sweeps(database, shop, limit)
        if not found and shop is not None:  # one that had a sweep is known, even without settings
            await require_shop(database, shop)
        return found


async def _one(settings: MongoSettings, wanted: str) -> Sweep:
    async with connected(settings) as database:
        return await find_sweep(database, wanted)
