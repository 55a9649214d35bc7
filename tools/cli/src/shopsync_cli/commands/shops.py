import asyncio
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from shopsync_cli.commands.context import cluster_of, mongo_of, run
from shopsync_cli.commands.options import AsJson, ShopKey, Timeout
from shopsync_cli.errors import CommandFailed
from shopsync_cli.moments import now
from shopsync_cli.mongo.database import connected
from shopsync_cli.publishing.bodies import build
from shopsync_cli.publishing.events import event_of, publish_events
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import print_json, print_table, say, warn
from shopsync_cli.views.shops import SHOP_COLUMNS, shop_facts, shop_row
from shopsync_contracts.events import PushPauseSet, ShopSettingsChanged
from shopsync_contracts.limits import MAX_INTERVAL_MINUTES, MAX_RATE_PERCENT
from shopsync_readmodel.shops.overview import (
    AppTrouble,
    ShopOverview,
    read_app_troubles,
    read_shop,
    read_shops,
)
from shopsync_readmodel.shops.pauses import pause_is_stored

app = typer.Typer(no_args_is_help=True, help="Shops: their settings, and TikTok Shop認証.")

_POLL_SECONDS = 0.5
_MINUTES = f"1 to {MAX_INTERVAL_MINUTES}"
_PERCENT = f"0 to {MAX_RATE_PERCENT}"
_OPTIONS = {
    "sync.interval_minutes": f"--interval-minutes ({_MINUTES})",
    "sync.times": "--time",
    "tax.rate_percent": f"--rate ({_PERCENT})",
}
PauseWait = Annotated[bool, typer.Option("--wait", help="Wait until the publisher has stored it.")]


class Mode(StrEnum):
    """連携設定: when ON products are sent."""

    MANUAL = "manual"
    AUTO = "auto"
    SCHEDULED = "scheduled"


class RoundingChoice(StrEnum):
    """How a fraction of a yen is rounded."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half-up"


class CategoryVersion(StrEnum):
    """Which of TikTok Shop's category trees the shop uses."""

    V1 = "v1"
    V2 = "v2"


@app.command("put")
def put(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    mode: Annotated[Mode, typer.Option(help="When ON products are sent.")] = Mode.MANUAL,
    interval_minutes: Annotated[int, typer.Option(help=f"Minutes between automatic syncs (auto), {_MINUTES}.")] = 60,
    times: Annotated[list[str] | None, typer.Option("--time", help="HH:MM in Asia/Tokyo; repeat (scheduled).")] = None,
    tax_included: Annotated[
        bool, typer.Option("--tax-included/--tax-excluded", help="How prices are registered (消費税設定).")
    ] = True,
    rate: Annotated[int, typer.Option(help=f"Tax rate in percent, {_PERCENT}.")] = 10,
    rounding: Annotated[RoundingChoice, typer.Option(help="Fractions of a yen.")] = RoundingChoice.DOWN,
    category_version: Annotated[
        CategoryVersion, typer.Option(help="TikTok Shop's category tree.")
    ] = CategoryVersion.V1,
    as_json: AsJson = False,
) -> None:
    """Publish the whole settings of a shop. An option left out takes its default, not its present value."""
    body = build(
        ShopSettingsChanged,
        options=_OPTIONS,
        shop_key=shop,
        sync={"mode": mode.value, "interval_minutes": interval_minutes, "times": times or []},
        tax={"included": tax_included, "rate_percent": rate, "rounding": rounding.value.replace("-", "_")},
        category_version=category_version.value,
    )
    event = event_of(body)
    run(publish_events(cluster_of(ctx), [event]))
    if as_json:
        print_json({"id": event.id, "type": event.type, "shop_key": shop})
    else:
        say(f"published {event.type} for {shop}, id {event.id}")


@app.command("list")
def list_shops(ctx: typer.Context, as_json: AsJson = False) -> None:
    """The shops, their settings and whether they are authorised at TikTok Shop (reads MongoDB)."""
    shops, troubles = run(_read_all(mongo_of(ctx)))
    _warn_of(troubles)
    if as_json:
        print_json([shop.document() for shop in shops])
        return
    print_table(SHOP_COLUMNS, map(shop_row, shops))


@app.command("show")
def show_shop(ctx: typer.Context, *, shop: ShopKey, as_json: AsJson = False) -> None:
    """One shop: settings, TikTok Shop認証 and when it ends, what is wrong and who must act (reads MongoDB)."""
    view, troubles = run(_read_one(mongo_of(ctx), shop))
    _warn_of(troubles)
    if as_json:
        print_json(view.document())
        return
    print_table(("", ""), shop_facts(view))
    if view.status.who is not None:
        say("")
        row = (view.status.who, view.status.line, view.status.do)
        print_table(("who must act", "why", "what helps"), [row])


@app.command("pause")
def pause(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    reason: Annotated[str, typer.Option(help="Why; shown wherever the shop's pushes are.")] = "",
    wait: PauseWait = False,
    timeout: Timeout = 60,
    as_json: AsJson = False,
) -> None:
    """Pause the shop's pushes: nothing is sent to TikTok Shop, nothing is lost; imports and edits go on.

    Pushes under way are finished. The shop stays paused, restarts included, until `shops resume`.
    """
    body = build(PushPauseSet, options={"reason": "--reason"}, shop_key=shop, paused=True, reason=reason)
    _set_pause(ctx, body, wait=wait, timeout=timeout, as_json=as_json)


@app.command("resume")
def resume(
    ctx: typer.Context, *, shop: ShopKey, wait: PauseWait = False, timeout: Timeout = 60, as_json: AsJson = False
) -> None:
    """Resume the pushes of a paused shop."""
    body = build(PushPauseSet, shop_key=shop, paused=False)
    _set_pause(ctx, body, wait=wait, timeout=timeout, as_json=as_json)


def _set_pause(ctx: typer.Context, body: PushPauseSet, *, wait: bool, timeout: float, as_json: bool) -> None:
    cluster, settings, shop = cluster_of(ctx), mongo_of(ctx), body.shop_key
    event = event_of(body)
    run(_require(settings, shop))
    run(publish_events(cluster, [event]))
    if wait:
        run(_wait_until_stored(settings, shop, event.time, timeout))
    if as_json:
        print_json({"id": event.id, "type": event.type, "shop_key": shop, "paused": body.paused, "stored": wait})
    elif wait:
        say(f"{shop}: pushes {'wait' if body.paused else 'go on'}")
    else:
        say(f"published {event.type} for {shop}, id {event.id}")


async def _require(settings: MongoSettings, shop: str) -> None:
    async with connected(settings) as database:
        await read_shop(database, shop, now())


async def _wait_until_stored(settings: MongoSettings, shop: str, set_at: datetime, seconds: float) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    async with connected(settings) as database:
        while not await pause_is_stored(database, shop, set_at):
            if asyncio.get_running_loop().time() > deadline:
                raise CommandFailed(f"the publisher has not taken it within {seconds:g} s; it will when it runs again")
            await asyncio.sleep(_POLL_SECONDS)


async def _read_all(settings: MongoSettings) -> tuple[list[ShopOverview], list[AppTrouble]]:
    async with connected(settings) as database:
        return await read_shops(database, now()), await read_app_troubles(database)


async def _read_one(settings: MongoSettings, shop: str) -> tuple[ShopOverview, list[AppTrouble]]:
    async with connected(settings) as database:
        return await read_shop(database, shop, now()), await read_app_troubles(database)


def _warn_of(troubles: list[AppTrouble]) -> None:
    for trouble in troubles:
        warn(trouble.line)
