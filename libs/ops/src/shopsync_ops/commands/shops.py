from enum import StrEnum
from typing import Annotated, Any

import typer

from shopsync_contracts.events import ShopSettingsChanged
from shopsync_ops.building import build
from shopsync_ops.cluster import run
from shopsync_ops.console import out, print_json, say, table
from shopsync_ops.context import AsJson, ShopKey, cluster, mongo
from shopsync_ops.database import read_shops
from shopsync_ops.publishing import event_of, publish_events

app = typer.Typer(no_args_is_help=True, help="Shops and their settings.")


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
    say(f"published {event.type} for {shop}, id {event.id}")


@app.command("list")
def list_shops(ctx: typer.Context, as_json: AsJson = False) -> None:
    """The shops as the catalog has stored them (reads MongoDB)."""
    shops = run(read_shops(mongo(ctx)))
    if as_json:
        print_json(shops)
        return
    columns = ("shop", "sync", "tax", "rate %", "rounding", "categories", "since")
    out().print(table(columns, (_row(shop) for shop in shops)))


def _row(shop: dict[str, Any]) -> tuple[Any, ...]:
    sync, tax = shop.get("sync") or {}, shop.get("tax") or {}
    when = {
        "auto": f" every {sync.get('interval_minutes')} min",
        "scheduled": f" at {', '.join(sync.get('times') or [])}",
    }
    return (
        shop["shop_key"],
        f"{sync.get('mode', '?')}{when.get(sync.get('mode', ''), '')}",
        "included" if tax.get("included") else "excluded",
        tax.get("rate_percent"),
        tax.get("rounding"),
        shop.get("category_version"),
        shop.get("updated_at"),
    )
