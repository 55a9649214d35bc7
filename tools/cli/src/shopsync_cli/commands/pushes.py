from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from shopsync_cli.commands.context import mongo, run
from shopsync_cli.commands.options import AsJson, Limit, OfShop
from shopsync_cli.moments import now
from shopsync_cli.mongo.database import connected
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import print_json, print_table, say, show
from shopsync_readmodel.shops.pushes import Push, ShopPushes, read_pushes, read_shop_pushes
from shopsync_readmodel.shops.settings import require_shop
from shopsync_readmodel.stored.push_jobs import PushState
from shopsync_runtime.wording import counted

SHOP_COLUMNS = ("shop", "due", "in work", "waiting", "parked", "oldest due", "calls/s", "held up by")
PUSH_COLUMNS = ("product", "state", "why", "until", "attempts", "asked for", "worker")


def pushes(
    ctx: typer.Context,
    *,
    shop: OfShop = None,
    state: Annotated[PushState | None, typer.Option(help="Only pushes in this state.")] = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """The pushes to be done: in work, due, or waiting, why and until when; and how fast each shop is called.

    Reads MongoDB.
    """
    moment = now()
    shops, first, count = run(_read(mongo(ctx), shop, state, limit, moment))
    if as_json:
        print_json({"at": moment, "shops": [one.document() for one in shops], "pushes": [asdict(one) for one in first],
                    "count": count})  # fmt: skip
        return
    if shops:
        print_table(SHOP_COLUMNS, [_shop_row(one, moment) for one in shops])
        say("")
    if first:
        print_table(PUSH_COLUMNS, map(_push_row, first))
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


def _shop_row(one: ShopPushes, moment: datetime) -> tuple[Any, ...]:
    return (
        one.shop_key,
        one.counts[PushState.DUE],
        one.counts[PushState.RUNNING],
        one.counts[PushState.WAITING],
        one.counts[PushState.PARKED],
        None if one.due_since is None else _lasting(moment - one.due_since),
        _rate(one, moment),
        "; ".join(one.holdups),
    )


def _rate(one: ShopPushes, moment: datetime) -> str | None:
    if one.rate is None:
        return None
    told = [] if one.rate_at is None else [f"{_lasting(moment - one.rate_at)} ago"]
    told += [] if one.learned is None else [f"TikTok's limits taught {one.learned:.3g}"]
    return f"{one.rate:.3g}" + (f" ({', '.join(told)})" if told else "")


def _push_row(one: Push) -> tuple[Any, ...]:
    asked = f"{one.reason or '?'}, {show(one.requested_at)}"
    return f"{one.shop_key}/{one.product_no}", one.state, one.why, one.until, one.attempts, asked, one.worker


def _lasting(span: timedelta) -> str:
    """Roughly: `42 s`, `3 min`, `2 h`, `5 d`."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
