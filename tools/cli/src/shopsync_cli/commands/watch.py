import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

import typer
from rich.live import Live

from shopsync_cli.commands.context import global_options, run
from shopsync_cli.commands.options import AsJson
from shopsync_cli.errors import NotGiven, Unreachable, WrongCall
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.mongo.database import connected
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import out, print_json, say
from shopsync_cli.views.stdout import reader_is_gone
from shopsync_cli.views.watch import print_glance, renderable
from shopsync_cli.watching.glance import Glance, Watcher
from shopsync_readmodel.shops.settings import require_shop
from shopsync_runtime.cancelling import raise_if_cancelled


def watch(
    ctx: typer.Context,
    *,
    shop: Annotated[str | None, typer.Option("--shop", help="Only this shop (店舗KEY).")] = None,
    interval: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks.")] = 5,
    once: Annotated[bool, typer.Option("--once", help="Two looks, for the rates, then end.")] = False,
    shops: Annotated[int, typer.Option(min=1, help="How many shops are shown at most.")] = 30,
    rounds: Annotated[int | None, typer.Option(min=1, help="End after so many looks.")] = None,
    as_json: AsJson = False,
) -> None:
    """A live table: lag of the groups, changes, folds and pushes per second, products per 状態, pushes, last runs.

    What does not answer is told, and the rest goes on. Ctrl-C ends it. The shops are read less often where that takes
    MongoDB more than a twentieth of its time.
    """
    cluster, mongo = _sides(ctx)
    if shop is not None and mongo is not None:
        run(_require(mongo, shop))
    watcher = Watcher(cluster, mongo, shop)
    left = 2 if once else rounds
    run(_watch(watcher, interval=interval, left=left, once=once, most=shops, as_json=as_json))


async def _require(mongo: MongoSettings, shop: str) -> None:
    """Raises CommandFailed for a shop that nobody knows. A database that is away is told at the first look."""
    with contextlib.suppress(Unreachable):
        async with connected(mongo) as database:
            await require_shop(database, shop)


def _sides(ctx: typer.Context) -> tuple[Cluster | None, MongoSettings | None]:
    """Kafka, MongoDB, or both. Raises WrongCall when neither is named, or one of them wrongly."""
    options = global_options(ctx)
    cluster = mongo = None
    missing = []
    try:
        cluster = Cluster.of(options.kafka())
    except NotGiven as error:
        missing.append(str(error))
    try:
        mongo = options.mongo()
    except NotGiven as error:
        missing.append(str(error))
    if cluster is None and mongo is None:
        raise WrongCall("; ".join(missing))
    return cluster, mongo


async def _watch(watcher: Watcher, *, interval: float, left: int | None, once: bool, most: int, as_json: bool) -> None:
    console = out()
    if as_json or once or not console.is_terminal:
        async for glance, is_last in _looks(watcher, interval, left):
            if is_last or not once:
                _print(glance, most, as_json=as_json)
            if reader_is_gone():
                return
        return
    with Live(console=console, auto_refresh=False, transient=False) as live:
        async for glance, _ in _looks(watcher, interval, left):
            live.update(renderable(glance, most), refresh=True)


async def _looks(watcher: Watcher, interval: float, left: int | None) -> AsyncIterator[tuple[Glance, bool]]:
    """Each look, and whether it is the last. `left` None: without an end."""
    while True:
        raise_if_cancelled()
        glance = await watcher.look()
        left = None if left is None else left - 1
        yield glance, left == 0
        if left == 0:
            return
        await asyncio.sleep(interval)


def _print(glance: Glance, most: int, *, as_json: bool) -> None:
    if as_json:
        print_json(glance.document())
        return
    print_glance(glance, most)
    say("")
