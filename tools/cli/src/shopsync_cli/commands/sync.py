from enum import StrEnum
from typing import Annotated

import typer

from shopsync_cli.commands.options import AsJson, ShopKey, Timeout, Wait
from shopsync_cli.commands.requests import request
from shopsync_cli.publishing.bodies import build
from shopsync_cli.publishing.events import event_of
from shopsync_contracts.events import SyncRequested


class SyncReason(StrEnum):
    """Why a sync is asked for."""

    MANUAL = "manual"
    AUTO = "auto"
    SCHEDULED = "scheduled"
    REDRIVE = "redrive"


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
