from enum import StrEnum
from typing import Annotated

import typer

from shopsync_cli.commands.context import mongo_of, run
from shopsync_cli.commands.options import AsJson, Limit, OfShop, ShopKey, Timeout, Wait
from shopsync_cli.commands.requests import request
from shopsync_cli.errors import CommandFailed, WrongCall
from shopsync_cli.mongo.database import connected
from shopsync_cli.publishing.bodies import build
from shopsync_cli.publishing.events import event_of
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import err, out, print_json, print_table
from shopsync_cli.views.overwrites import print_overwrites
from shopsync_cli.views.runs import IMPORT_COLUMNS, as_document, import_row, import_rows
from shopsync_contracts.events import ImportRequested
from shopsync_readmodel.errors import NoRun
from shopsync_readmodel.products.overwrites import DryRun, read_dry_run
from shopsync_readmodel.runs.imports import Import, find_import, newest_imports
from shopsync_readmodel.runs.losses import Loss, read_loss
from shopsync_readmodel.shops.settings import require_shop
from shopsync_runtime.wording import counted

app = typer.Typer(no_args_is_help=True, help="Imports: what was read, and removals that wait for a confirmation.")


class ImportMode(StrEnum):
    """The modes of an import, as options are written."""

    CHANGED_ONLY = "changed-only"
    OVERWRITE_ALL = "overwrite-all"
    ENUMERATE = "enumerate"


def import_shop(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    mode: Annotated[ImportMode, typer.Option(help="情報を更新する, 一括情報更新, or only which products exist.")],
    then_sync: Annotated[bool, typer.Option("--then-sync", help="Send every ON product afterwards.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="overwrite-all only: which edits would fall (reads MongoDB, asks for nothing)."),
    ] = False,
    wait: Wait = False,
    timeout: Timeout = 600,
    as_json: AsJson = False,
) -> None:
    """Ask for an import from futureshop."""
    if dry_run:
        if mode is not ImportMode.OVERWRITE_ALL:
            raise WrongCall(
                f"--dry-run goes with --mode {ImportMode.OVERWRITE_ALL.value}: no other mode makes edits "
                "fall whatever 更新日 says"
            )
        print_overwrites(run(_dry_run(mongo_of(ctx), shop)), as_json=as_json)
        return
    body = build(ImportRequested, shop_key=shop, mode=mode.value.replace("-", "_"), then_sync=then_sync)
    request(ctx, event_of(body), wait=wait, timeout=timeout, as_json=as_json)


@app.command("list")
def list_imports(ctx: typer.Context, *, shop: OfShop = None, limit: Limit = 30, as_json: AsJson = False) -> None:
    """The newest imports first (reads MongoDB)."""
    found = run(_newest(mongo_of(ctx), shop, limit))
    if as_json:
        print_json([as_document(each) for each in found])
        return
    print_table(IMPORT_COLUMNS, map(import_row, found))


@app.command("show")
def show_import(
    ctx: typer.Context,
    *,
    import_id: Annotated[
        str, typer.Argument(metavar="ID", help="Id of the import, its beginning, or the request's id.")
    ],
    as_json: AsJson = False,
) -> None:
    """One import: how far it is, what it proves, which products it refused and why (reads MongoDB)."""
    found = run(_one(mongo_of(ctx), import_id))
    if as_json:
        print_json(as_document(found))
        return
    console = out()
    print_table(("", ""), import_rows(found), console=console)
    if found.doubts:
        print_table(("doubts about the listing",), ((doubt,) for doubt in found.doubts), console=console)
    if found.refused:
        print_table(("product", "refused because"), found.refused, console=console)


@app.command("confirm-shrink")
def confirm_shrink(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the loss.")] = False,
    wait: Wait = False,
    timeout: Timeout = 600,
    as_json: AsJson = False,
) -> None:
    """The products that are missing are really gone: read the shop once more and take the removals.

    Applies to the newest listing only. If more products are missing then, the removals are held back again.
    """
    loss = run(_loss(mongo_of(ctx), shop))
    if as_json and dry_run:
        print_json(loss.document())
        return
    _show(shop, loss, to_stderr=as_json)
    if dry_run:
        return
    if not yes:
        if as_json:
            raise WrongCall("--json does not ask: give --yes as well")
        if not typer.confirm(f"Missing: {counted(loss.missing, 'product')}. Really gone from futureshop?"):
            raise CommandFailed("not confirmed, nothing was published")
    body = build(ImportRequested, shop_key=shop, mode="enumerate", confirm_shrink_of=loss.import_id)
    request(ctx, event_of(body), wait=wait, timeout=timeout, as_json=as_json)


def _show(shop: str, loss: Loss, *, to_stderr: bool) -> None:
    console = err() if to_stderr else out()
    rest = loss.missing - loss.on - loss.off
    rows = [
        ("import", loss.import_id),
        ("listing read", loss.listed_at),
        ("products in the listing", loss.listed),
        ("products until then", loss.present),
        ("missing", loss.missing),
        ("… OFF: the next sweep deletes them", loss.off),
        ("… ON: they stay, and are sent", loss.on),
        *([("… not in the tool", rest)] if rest else []),
    ]
    print_table(("", ""), rows, title=f"shop {shop}", console=console)
    if loss.examples:
        more = f" (the first {len(loss.examples)})" if loss.missing > len(loss.examples) else ""
        print_table((f"missing{more}", "name"), loss.examples, console=console)


async def _newest(settings: MongoSettings, shop: str | None, limit: int) -> list[Import]:
    async with connected(settings) as database:
        found = await newest_imports(database, shop, limit)
        if not found and shop is not None:  # one that had an import is known, even without settings
            await require_shop(database, shop)
        return found


async def _one(settings: MongoSettings, wanted: str) -> Import:
    async with connected(settings) as database:
        return await find_import(database, wanted)


async def _loss(settings: MongoSettings, shop: str) -> Loss:
    async with connected(settings) as database:
        try:
            return await read_loss(database, shop)
        except NoRun:
            await require_shop(database, shop)
            raise


async def _dry_run(settings: MongoSettings, shop: str) -> DryRun:
    async with connected(settings) as database:
        return await read_dry_run(database, shop)
