import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from shopsync_cli.commands.context import cluster_of, mongo_of, run
from shopsync_cli.commands.options import AsJson, Clears, Sets, Settle, ShopKey, Stocks, Timeout
from shopsync_cli.errors import CommandFailed, WrongCall
from shopsync_cli.moments import now
from shopsync_cli.mongo.database import connected
from shopsync_cli.publishing.bodies import build
from shopsync_cli.publishing.changes import read_changes
from shopsync_cli.publishing.events import event_of, publish_events
from shopsync_cli.publishing.tracking import publish_and_track
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.outcomes import print_outcomes
from shopsync_cli.views.output import print_json, print_table, say
from shopsync_contracts import Event, ShopBody
from shopsync_contracts.events import EditChanges, ProductsBulkEdited
from shopsync_contracts.limits import MAX_BULK_PRODUCTS
from shopsync_readmodel.products.search import ProductFilter, absent, read_numbers
from shopsync_readmodel.shops.settings import require_shop
from shopsync_readmodel.statuses import StatusName
from shopsync_runtime.chunks import batched
from shopsync_runtime.wording import counted

_SHOWN = 20
_LINE_END = re.compile(r"\r\n|[\r\n]")
"""Those that editors write. str.splitlines also cuts a number at U+2028 and the like, into two other numbers."""


def bulk_edit(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    products: Annotated[
        list[str] | None, typer.Argument(metavar="[PRODUCT]...", help="Product numbers (商品番号).")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="FILE|-", help="Product numbers, one a line; - is stdin.")
    ] = None,
    status: Annotated[list[StatusName] | None, typer.Option(help="All products in this 状態; repeat for more.")] = None,
    keyword: Annotated[str | None, typer.Option(help="All products with this in their name.")] = None,
    sets: Sets = None,
    clears: Clears = None,
    stocks: Stocks = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch 連携対象 ON or OFF.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which products it would be, and which are unknown.")
    ] = False,
    wait: Settle = False,
    timeout: Timeout = 600,
    as_json: AsJson = False,
) -> None:
    """Make the same changes to many products (一括入力・変更, products.bulk_edited).

    The products come from arguments, from a file, or by --status and --keyword together (reads MongoDB). With --wait
    the verdict on every product is shown; exit code 1 when one was refused.
    """
    named = list(dict.fromkeys([*(products or ()), *(() if file is None else _numbers_in(file))]))
    chosen = ProductFilter(shop, tuple(one.value for one in status or ()), keyword)
    selects = chosen != ProductFilter(shop)
    if bool(named) is selects:
        raise WrongCall("say which products: PRODUCT numbers or --file, or else --status and --keyword")
    if on is None or sets or clears or stocks:
        changes = read_changes(sets or (), clears or (), stocks or ())
    else:
        changes = EditChanges()
    if selects:
        named = run(_selected(mongo_of(ctx), shop, chosen))
    events = _events(shop, named, changes, on)
    if dry_run:
        _tell_plan(shop, named, changes, on, run(_absent(mongo_of(ctx), shop, named)), as_json=as_json)
        return
    cluster, mongo = cluster_of(ctx), mongo_of(ctx) if wait else None
    outcomes = run(publish_and_track(cluster, partial(publish_events, cluster, events), mongo=mongo, seconds=timeout))
    if wait:
        print_outcomes(outcomes, as_json=as_json)
    elif as_json:
        print_json([one.document() for one in outcomes])
    else:
        ids = ", ".join(event.id for event in events)
        say(f"published products.bulk_edited for {counted(len(named), 'product')} of {shop}, id {ids}")


def _numbers_in(file: str) -> list[str]:
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        lines = _LINE_END.split(text.decode("utf-8-sig"))
    except OSError as error:
        raise WrongCall(f"--file: cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WrongCall(f"--file: {file} is not UTF-8; write one product number a line") from None
    found = [number for line in lines if (number := line.strip())]
    if not found:
        raise WrongCall(f"--file: {file} names no product; write one product number a line")
    return found


def _events(shop: str, numbers: Sequence[str], changes: EditChanges, on: bool | None) -> list[Event[ShopBody]]:
    moment = now()  # the same time for all pages: they are one edit
    pages = list(batched(numbers, MAX_BULK_PRODUCTS))
    return [
        event_of(
            build(
                ProductsBulkEdited,
                shop_key=shop,
                edited_at=moment.isoformat(),
                product_nos=list(page),
                changes=changes.model_dump(mode="json"),
                sync_enabled=on,
            ),
            time=moment,
        )
        for page in pages
    ]


async def _selected(settings: MongoSettings, shop: str, chosen: ProductFilter) -> list[str]:
    async with connected(settings) as database:
        await require_shop(database, shop)
        found = await read_numbers(database, shop, chosen)
    if not found:
        raise CommandFailed("no product is selected; `shopsync products` with the same options lists them")
    return found


async def _absent(settings: MongoSettings, shop: str, numbers: Sequence[str]) -> list[str]:
    async with connected(settings) as database:
        await require_shop(database, shop)
        return await absent(database, shop, numbers)


def _tell_plan(
    shop: str, numbers: Sequence[str], changes: EditChanges, on: bool | None, unknown: Sequence[str], *, as_json: bool
) -> None:
    if as_json:
        plan = {"shop_key": shop, "products": list(numbers), "unknown": list(unknown), "sync_enabled": on}
        print_json({**plan, "changes": changes.model_dump(mode="json")})
    else:
        verdicts = dict.fromkeys(unknown, "unknown: would be refused")
        print_table(("product", ""), [(f"{shop}/{number}", verdicts.get(number, "")) for number in numbers[:_SHOWN]])
        if len(numbers) > _SHOWN:
            say(f"and {len(numbers) - _SHOWN} more; --json lists all")
        say(f"{counted(len(numbers), 'product')}, {len(unknown)} unknown; nothing was published")
    if unknown:
        raise CommandFailed(f"not in the tool: {', '.join(unknown[:_SHOWN])}{', …' if len(unknown) > _SHOWN else ''}")
