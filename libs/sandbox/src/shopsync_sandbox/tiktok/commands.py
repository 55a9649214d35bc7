from dataclasses import replace
from typing import Annotated

import typer

from shopsync_sandbox.serving import serve
from shopsync_sandbox.tiktok.faults.registry import Fault
from shopsync_sandbox.tiktok.sandbox import TikTokSandbox
from shopsync_sandbox.tiktok.settings import Settings


def tiktok(
    *,
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.", min=0, max=65535)] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    seed: Annotated[str, typer.Option(help="Keys, ids and ciphers follow from it.")] = "shopsync",
    shop: Annotated[list[str] | None, typer.Option(help="Shop key; repeatable.  [default: demo]")] = None,
    webhook_url: Annotated[str | None, typer.Option(help="Every webhook also goes here.")] = None,
    redirect_url: Annotated[str | None, typer.Option(help="Where consenting sellers are sent back to.")] = None,
    review_seconds: Annotated[float, typer.Option(help="Reviews decide after this long; below 0: by hand.")] = 2.0,
    requests_per_second: Annotated[float, typer.Option(help="Per app, shop and endpoint; 0: no limit.", min=0)] = 50.0,
    burst: Annotated[int | None, typer.Option(help="Requests at once.  [default: a second's worth]", min=1)] = None,
    shop_requests_per_second: Annotated[float, typer.Option(help="Per app and shop; 0: no limit.", min=0)] = 0.0,
    shop_burst: Annotated[
        int | None, typer.Option(help="The same at once.  [default: a second's worth]", min=1)
    ] = None,
    latency: Annotated[float, typer.Option(help="Every API call takes at least so many seconds.", min=0)] = 0.0,
    daily_listing_quota: Annotated[int | None, typer.Option(help="New listings per shop and UTC day.", min=0)] = None,
    access_token_seconds: Annotated[float, typer.Option(help="Seconds an access token lives.", min=1)] = 7 * 86400.0,
    observed_image_rules: Annotated[bool, typer.Option(help="Accept main images below 300x300.")] = False,
) -> None:
    """Run a TikTok Shop to list products on: signed API, token host, consent page, image host, control API."""
    settings = replace(
        Settings(),
        webhook_url=webhook_url,
        redirect_url=redirect_url,
        review_seconds=None if review_seconds < 0 else review_seconds,
        requests_per_second=requests_per_second or None,
        burst=burst,
        shop_requests_per_second=shop_requests_per_second or None,
        shop_burst=shop_burst,
        daily_listing_quota=daily_listing_quota,
        access_token_seconds=access_token_seconds,
        image_rules="observed" if observed_image_rules else "documented",
    )
    faults = [Fault("slow", times=None, seconds=latency)] if latency > 0 else []
    sandbox = TikTokSandbox(seed=seed, shops=shop or ["demo"], settings=settings, faults=faults)
    serve(sandbox.app, host=host, port=port, **sandbox.facts())
