import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from shopsync_cli.commands.context import cluster, mongo, run
from shopsync_cli.commands.options import AsJson, ShopKey, Timeout
from shopsync_cli.errors import CommandFailed
from shopsync_cli.moments import now
from shopsync_cli.mongo.database import connected
from shopsync_cli.publisher_http import Publisher, code_of
from shopsync_cli.publishing.bodies import build
from shopsync_cli.publishing.events import event_of, publish_events
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import print_json, print_table, say, show, warn
from shopsync_contracts.events import PushPauseSet, ShopSettingsChanged
from shopsync_readmodel.shops.overview import (
    AppTrouble,
    ShopOverview,
    authorized_at,
    read_app_troubles,
    read_shop,
    read_shops,
)
from shopsync_readmodel.shops.pauses import pause_is_stored

app = typer.Typer(no_args_is_help=True, help="Shops: their settings, and TikTok Shop認証.")

_POLL_SECONDS = 0.5
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
    interval_minutes: Annotated[int, typer.Option(help="Minutes between automatic syncs (auto).")] = 60,
    times: Annotated[list[str] | None, typer.Option("--time", help="HH:MM in Asia/Tokyo; repeat (scheduled).")] = None,
    tax_included: Annotated[
        bool, typer.Option("--tax-included/--tax-excluded", help="How prices are registered (消費税設定).")
    ] = True,
    rate: Annotated[int, typer.Option(help="Tax rate in percent.")] = 10,
    rounding: Annotated[RoundingChoice, typer.Option(help="Fractions of a yen.")] = RoundingChoice.DOWN,
    category_version: Annotated[
        CategoryVersion, typer.Option(help="TikTok Shop's category tree.")
    ] = CategoryVersion.V1,
    as_json: AsJson = False,
) -> None:
    """Publish the whole settings of a shop. An option left out takes its default, not its former value."""
    body = build(
        ShopSettingsChanged,
        shop_key=shop,
        sync={"mode": mode.value, "interval_minutes": interval_minutes, "times": times or []},
        tax={"included": tax_included, "rate_percent": rate, "rounding": rounding.value.replace("-", "_")},
        category_version=category_version.value,
    )
    event = event_of(body)
    run(publish_events(cluster(ctx), [event]))
    if as_json:
        print_json({"id": event.id, "type": event.type, "shop_key": shop})
    else:
        say(f"published {event.type} for {shop}, id {event.id}")


@app.command("list")
def list_shops(ctx: typer.Context, as_json: AsJson = False) -> None:
    """The shops, their settings and where they stand with TikTok Shop (reads MongoDB)."""
    shops, troubles = run(_read_all(mongo(ctx)))
    _tell(troubles)
    if as_json:
        print_json([shop.document() for shop in shops])
        return
    columns = ("shop", "sync", "tax", "rate %", "rounding", "categories", "since", "TikTok Shop", "pushes")
    print_table(columns, map(_row, shops))


@app.command("show")
def show_shop(ctx: typer.Context, *, shop: ShopKey, as_json: AsJson = False) -> None:
    """One shop: settings, TikTok Shop認証 and its ends, what stands in the way and who must act (reads MongoDB)."""
    view, troubles = run(_read_one(mongo(ctx), shop))
    _tell(troubles)
    if as_json:
        print_json(view.document())
        return
    print_table(("", ""), _facts(view))
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
    """Let the shop's pushes wait: nothing is sent to TikTok Shop, nothing is lost; imports and edits go on.

    Pushes under way are finished. The shop stays paused over restarts until `shops resume`.
    """
    _set_pause(ctx, shop, paused=True, reason=reason, wait=wait, timeout=timeout, as_json=as_json)


@app.command("resume")
def resume(
    ctx: typer.Context, *, shop: ShopKey, wait: PauseWait = False, timeout: Timeout = 60, as_json: AsJson = False
) -> None:
    """Let the pushes of a paused shop go on."""
    _set_pause(ctx, shop, paused=False, reason="", wait=wait, timeout=timeout, as_json=as_json)


def _set_pause(
    ctx: typer.Context, shop: str, *, paused: bool, reason: str, wait: bool, timeout: float, as_json: bool
) -> None:
    there, settings = cluster(ctx), mongo(ctx)
    event = event_of(build(PushPauseSet, shop_key=shop, paused=paused, reason=reason))
    run(_require(settings, shop))
    run(publish_events(there, [event]))
    if wait:
        run(_taken(settings, shop, event.time, timeout))
    if as_json:
        print_json({"id": event.id, "type": event.type, "shop_key": shop, "paused": paused, "stored": wait})
    elif wait:
        say(f"{shop}: pushes {'wait' if paused else 'go on'}")
    else:
        say(f"published {event.type} for {shop}, id {event.id}")


async def _require(settings: MongoSettings, shop: str) -> None:
    async with connected(settings) as database:
        await read_shop(database, shop, now())


async def _taken(settings: MongoSettings, shop: str, set_at: datetime, seconds: float) -> None:
    """Until the publisher has stored this word, or a later one."""
    deadline = asyncio.get_running_loop().time() + seconds
    async with connected(settings) as database:
        while not await pause_is_stored(database, shop, set_at):
            if asyncio.get_running_loop().time() > deadline:
                raise CommandFailed(f"the publisher has not taken it within {seconds:g} s; it will when it runs again")
            await asyncio.sleep(_POLL_SECONDS)


@app.command("authorize")
def authorize(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    tiktok_shop: Annotated[
        str | None, typer.Option(help="TikTok's id of the shop, for a seller who has several.")
    ] = None,
    code: Annotated[
        str | None,
        typer.Option(help="Complete with this code, or the whole address TikTok sent the seller back to; no browser."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the shop is authorised (reads MongoDB).")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait.", min=1)] = 900,
    publisher: Annotated[
        str, typer.Option(envvar="SHOPSYNC_PUBLISHER_URL", help="Address of the publisher's HTTP port.")
    ] = "http://127.0.0.1:8083",
) -> None:
    """TikTok Shop認証: print the address at which the seller of a shop gives consent, or complete it with a code."""
    at = Publisher(publisher)
    if code is not None:
        done = run(_complete(at, shop, tiktok_shop, code_of(code)))
        say(f"{shop}: authorised as TikTok shop {done.get('tiktok_shop_id')} ({done.get('seller_name')})")
        return
    where = mongo(ctx) if wait else None
    before = None if where is None else run(_authorized_at(where, shop))
    url = run(at.consent_url(shop, tiktok_shop))
    warn("open this address as the seller of the shop; it is good for an hour (PUBLISHER_CONSENT_LIFETIME)")
    say(url)
    if where is not None:
        run(_wait(where, shop, before, timeout))
        say(f"{shop}: authorised")


async def _complete(at: Publisher, shop: str, tiktok_shop: str | None, code: str) -> Mapping[str, Any]:
    return await at.complete(code, await at.consent_url(shop, tiktok_shop))


async def _authorized_at(settings: MongoSettings, shop: str) -> datetime | None:
    async with connected(settings) as database:
        return await authorized_at(database, shop)


async def _wait(settings: MongoSettings, shop: str, before: datetime | None, seconds: float) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    async with connected(settings) as database:
        while (found := await authorized_at(database, shop)) is None or found == before:
            if asyncio.get_running_loop().time() > deadline:
                raise CommandFailed(f"{shop} was not authorised within {seconds:g} s; the address still works")
            await asyncio.sleep(_POLL_SECONDS)


async def _read_all(settings: MongoSettings) -> tuple[list[ShopOverview], list[AppTrouble]]:
    async with connected(settings) as database:
        return await read_shops(database, now()), await read_app_troubles(database)


async def _read_one(settings: MongoSettings, shop: str) -> tuple[ShopOverview, list[AppTrouble]]:
    async with connected(settings) as database:
        return await read_shop(database, shop, now()), await read_app_troubles(database)


def _tell(troubles: list[AppTrouble]) -> None:
    for trouble in troubles:
        warn(trouble.line)


def _row(shop: ShopOverview) -> tuple[Any, ...]:
    settings = shop.settings or {}
    tax = settings.get("tax") or {}
    return (
        shop.shop_key,
        _sync(shop),
        "–" if not tax else "included" if tax.get("included") else "excluded",
        tax.get("rate_percent"),
        tax.get("rounding"),
        settings.get("category_version"),
        settings.get("updated_at"),
        shop.status.line,
        "go on" if shop.pause is None else shop.pause.line,
    )


def _sync(shop: ShopOverview) -> str:
    if shop.settings is None:
        return f"no settings: `shopsync shops put {shop.shop_key}`"
    sync = shop.settings.get("sync") or {}
    when = {
        "auto": f" every {sync.get('interval_minutes')} min",
        "scheduled": f" at {', '.join(sync.get('times') or [])}",
    }
    return f"{sync.get('mode', '?')}{when.get(sync.get('mode', ''), '')}"


def _facts(shop: ShopOverview) -> Iterator[tuple[str, Any]]:
    told = shop.authorization
    yield "shop", shop.shop_key
    yield "連携設定", _sync(shop)
    yield "TikTok Shop認証", shop.status.line
    if told:
        yield "TikTok shop", f"{show(told['tiktok_shop_id'])} ({show(told['seller_name'])})"
        yield "authorised at", told["authorized_at"]
        yield "consent until", told["consent_until"]
        yield "access token until", told["access_expires_at"]
        yield "scopes", ", ".join(told["scopes"] or ())
        yield "webhooks come to", told["webhook_url"]
    yield "open pushes", shop.open_pushes
    yield "pushes", "go on" if shop.pause is None else f"{shop.pause.line}; `shopsync shops resume {shop.shop_key}`"
