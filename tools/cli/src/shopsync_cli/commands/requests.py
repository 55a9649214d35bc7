from enum import StrEnum
from typing import Annotated

import typer

from shopsync_cli.commands.context import mongo_of, run
from shopsync_cli.commands.options import AsJson, ShopKey, Timeout, Wait
from shopsync_cli.commands.requesting import request
from shopsync_cli.errors import WrongCall
from shopsync_cli.mongo.database import connected
from shopsync_cli.publishing.bodies import build
from shopsync_cli.publishing.events import event_of
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.overwrites import print_overwrites
from shopsync_contracts.events import ImportRequested, SweepRequested, SyncRequested
from shopsync_readmodel.products.overwrites import DryRun, read_dry_run


class ImportMode(StrEnum):
    """The modes of an import, as options are written."""

    CHANGED_ONLY = "changed-only"
    OVERWRITE_ALL = "overwrite-all"
    ENUMERATE = "enumerate"


class SyncReason(StrEnum):
    """Why a sync is asked for."""

    MANUAL = "manual"
    AUTO = "auto"
    SCHEDULED = "scheduled"
    REDRIVE = "redrive"


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


def sync(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    products: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PRODUCT]...", help="Product numbers (商品番号); none: every ON product."),
    ] = None,
    reason: Annotated[SyncReason, typer.Option(help="What the report will say.")] = SyncReason.MANUAL,
    wait: Wait = False,
    timeout: Timeout = 600,
    as_json: AsJson = False,
) -> None:
    """Ask for a sync ([同期]) to TikTok Shop."""
    body = build(SyncRequested, shop_key=shop, product_nos=list(products) if products else None, reason=reason.value)
    request(ctx, event_of(body), wait=wait, timeout=timeout, as_json=as_json)


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


async def _dry_run(settings: MongoSettings, shop: str) -> DryRun:
    async with connected(settings) as database:
        return await read_dry_run(database, shop)
