import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from shopsync_cli.commands.context import mongo_of, run
from shopsync_cli.commands.options import ShopKey
from shopsync_cli.errors import CommandFailed
from shopsync_cli.mongo.database import connected
from shopsync_cli.publisher_http import Publisher, code_of
from shopsync_cli.settings import MongoSettings
from shopsync_cli.views.output import say, warn
from shopsync_readmodel.shops.overview import authorized_at

_POLL_SECONDS = 0.5


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
    mongo = mongo_of(ctx) if wait else None
    before = None if mongo is None else run(_authorized_at(mongo, shop))
    url = run(at.consent_url(shop, tiktok_shop))
    warn("open this address as the seller of the shop; it is good for an hour (PUBLISHER_CONSENT_LIFETIME)")
    say(url)
    if mongo is not None:
        run(_wait(mongo, shop, before, timeout))
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
