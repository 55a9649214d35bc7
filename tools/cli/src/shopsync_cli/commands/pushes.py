from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from shopsync_cli.commands.context import mongo_of, run
from shopsync_cli.commands.options import AsJson, Limit, OfShop
from shopsync_cli.moments import now
from shopsync_cli.mongo.database import connected
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import print_json, print_table, say
from shopsync_cli.views.pushes import PUSH_COLUMNS, SHOP_PUSHES_COLUMNS, push_row, shop_pushes_row
from shopsync_readmodel.shops.pushes import Push, ShopPushes, read_pushes, read_shop_pushes
from shopsync_readmodel.shops.settings import require_shop
from shopsync_readmodel.stored.push_jobs import PushState
from shopsync_runtime.wording import counted


def pushes(
    ctx: typer.Context,
    *,
    shop: OfShop = None,
    state: Annotated[PushState | None, typer.Option(help="Only pushes in this state.")] = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """The pushes to be done: running, due or waiting, why and until when; and how fast each shop is called.

    Reads MongoDB.
    """
    moment = now()
    shops, first, count = run(_read(mongo_of(ctx), shop, state, limit, moment))
    if as_json:
        print_json(
            {
                "at": moment,
                "shops": [one.document() for one in shops],
                "pushes": [asdict(one) for one in first],
                "count": count,
            }
        )
        return
    if shops:
        print_table(SHOP_PUSHES_COLUMNS, [shop_pushes_row(one, moment) for one in shops])
        say("")
    if first:
        print_table(PUSH_COLUMNS, map(push_row, first))
    shown = f", the first {len(first)} shown" if count > len(first) else ""
    say(f"{counted(count, 'push', 'pushes')} to be done{shown}")


async def _read(
    settings: MongoSettings, shop: str | None, state: PushState | None, limit: int, moment: datetime
) -> tuple[list[ShopPushes], list[Push], int]:
    async with connected(settings) as database:
        if shop is not None:
            await require_shop(database, shop)
        first, count = await read_pushes(database, shop, state, limit, moment)
        return await read_shop_pushes(database, shop, moment), first, count
