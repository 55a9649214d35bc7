from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from shopsync_cli.commands.context import cluster_of, mongo_of, run
from shopsync_cli.commands.options import AsJson, Clears, Sets, Settle, ShopKey, Stocks, Timeout
from shopsync_cli.moments import now
from shopsync_cli.publishing.bodies import build
from shopsync_cli.publishing.changes import read_changes
from shopsync_cli.publishing.events import event_of, publish_events
from shopsync_cli.publishing.tracking import publish_and_track
from shopsync_cli.views.outcomes import print_outcomes
from shopsync_cli.views.output import print_json, say
from shopsync_contracts import Event, ShopBody
from shopsync_contracts.events import ProductEdited, SyncTargetSet
from shopsync_runtime.wording import counted


class Switch(StrEnum):
    """連携対象 ON or OFF."""

    ON = "on"
    OFF = "off"


def edit(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="Product number (商品番号).")],
    sets: Sets = None,
    clears: Clears = None,
    stocks: Stocks = None,
    wait: Settle = False,
    timeout: Timeout = 120,
    as_json: AsJson = False,
) -> None:
    """Edit one product as the merchant does in the tool (product.edited)."""
    changes = read_changes(sets or (), clears or (), stocks or ())
    moment = now()
    body = build(
        ProductEdited,
        shop_key=shop,
        product_no=product,
        edited_at=moment.isoformat(),
        changes=changes.model_dump(mode="json"),
    )
    event = event_of(body, time=moment)
    _publish(
        ctx,
        [event],
        f"published {event.type} for {event.subject}, id {event.id}",
        wait=wait,
        timeout=timeout,
        as_json=as_json,
    )


def target(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    products: Annotated[list[str], typer.Argument(metavar="PRODUCT...", help="Product numbers (商品番号).")],
    switch: Annotated[Switch, typer.Argument(metavar="on|off", help="連携対象 ON or OFF.")],
    wait: Settle = False,
    timeout: Timeout = 120,
    as_json: AsJson = False,
) -> None:
    """Switch 連携対象 of products ON or OFF (sync_target.set)."""
    moment = now()
    bodies = [
        build(SyncTargetSet, shop_key=shop, product_no=product, sync_enabled=switch is Switch.ON)
        for product in dict.fromkeys(products)
    ]
    events = [event_of(body, time=moment) for body in bodies]
    message = f"published sync_target.set {switch.value} for {counted(len(bodies), 'product')} of {shop}"
    _publish(ctx, events, message, wait=wait, timeout=timeout, as_json=as_json)


def _publish(
    ctx: typer.Context, events: list[Event[ShopBody]], message: str, *, wait: bool, timeout: float, as_json: bool
) -> None:
    cluster = cluster_of(ctx)
    mongo = mongo_of(ctx) if wait else None
    outcomes = run(publish_and_track(cluster, partial(publish_events, cluster, events), mongo=mongo, seconds=timeout))
    if wait:
        print_outcomes(outcomes, as_json=as_json)
    elif as_json:
        print_json([one.document() for one in outcomes])
    else:
        say(message)
