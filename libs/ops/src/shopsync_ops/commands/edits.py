from enum import StrEnum
from typing import Annotated

import typer

from shopsync_contracts.events import ProductEdited, SyncTargetSet
from shopsync_ops.building import build
from shopsync_ops.changes import read_changes
from shopsync_ops.cluster import run
from shopsync_ops.console import say
from shopsync_ops.context import ShopKey, cluster
from shopsync_ops.publishing import event_of, now, publish_events


class Switch(StrEnum):
    """連携対象 ON or OFF."""

    ON = "on"
    OFF = "off"


def edit(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="Product number (商品番号).")],
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="Set a field; repeat for more. Lists and numbers in JSON, the package size as 30x20x10.",
        ),
    ] = None,
    clears: Annotated[
        list[str] | None,
        typer.Option("--clear", metavar="FIELD", help="Drop the edit of a field, or clear a tool-only value."),
    ] = None,
    stocks: Annotated[
        list[str] | None,
        typer.Option(
            "--stock", metavar="V:H=QUANTITY", help="Stock of one SKU, such as M:=10; =10 without variations."
        ),
    ] = None,
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
    run(publish_events(cluster(ctx), [event]))
    say(f"published {event.type} for {event.subject}, id {event.id}")


def target(
    ctx: typer.Context,
    *,
    shop: ShopKey,
    products: Annotated[list[str], typer.Argument(metavar="PRODUCT...", help="Product numbers (商品番号).")],
    switch: Annotated[Switch, typer.Argument(metavar="on|off", help="連携対象 ON or OFF.")],
) -> None:
    """Switch 連携対象 of products ON or OFF (sync_target.set)."""
    moment = now()
    bodies = [
        build(SyncTargetSet, shop_key=shop, product_no=product, sync_enabled=switch is Switch.ON)
        for product in dict.fromkeys(products)
    ]
    run(publish_events(cluster(ctx), [event_of(body, time=moment) for body in bodies]))
    say(f"published sync_target.set {switch.value} for {len(bodies)} products of {shop}")
