"""A look at an installation as tables: live on a terminal, plain elsewhere."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from shopsync_cli.views.output import print_table, say, show, visible
from shopsync_cli.watching.glance import Glance, ShopGlance, Side
from shopsync_cli.watching.rates import Rates
from shopsync_readmodel.runs.collections import LastRun
from shopsync_readmodel.statuses import StatusName
from shopsync_readmodel.stored.push_jobs import PushState

GROUP_COLUMNS = ("group", "state", "members", "lag")
SHOP_COLUMNS = ("shop", *(one.japanese for one in StatusName), "due", "waiting", "pushes", "last import", "last sweep")
_NOT_ON_TIME = "bold red"


def print_glance(glance: Glance, most: int) -> None:
    """Plain lines, for pipes and scripts."""
    for line in head(glance):
        say(line)
    print_table(GROUP_COLUMNS, _groups(glance))
    say("")
    print_table(SHOP_COLUMNS, map(shop_row, glance.shops[:most]))
    if (more := len(glance.shops) - most) > 0:
        say(f"and {more} more shops")


def renderable(glance: Glance, most: int) -> RenderableType:
    """The same for a live display."""
    lines = [
        Text(visible(line, in_one_line=True), style=_NOT_ON_TIME if "!" in line[:1] else "") for line in head(glance)
    ]
    more = len(glance.shops) - most
    rest = [Text(f"and {more} more shops: --shop KEY shows one")] if more > 0 else []
    return Group(
        *lines,
        _table(GROUP_COLUMNS, list(_groups(glance))),
        Text(""),
        _table(SHOP_COLUMNS, [shop_row(one) for one in glance.shops[:most]]),
        *rest,
    )


def head(glance: Glance) -> Iterator[str]:
    """When it was seen, what does not answer, and the rates."""
    yield f"{show(glance.at)}  {_rates(glance.rates)}"
    for name, side in (("Kafka", glance.kafka), ("MongoDB", glance.mongo)):
        if side.trouble is not None:
            yield f"! {name}: {_since(side)}{side.trouble}"


def _since(side: Side) -> str:
    return "" if side.seen_at is None else f"as of {show(side.seen_at)}; "


def _rates(rates: Rates | None) -> str:
    if rates is None:
        return "changes, folds, pushes per second: after the next look"
    return f"changes {rates.changes:.1f}/s  folds {rates.folds:.1f}/s  pushes {rates.pushes:.1f}/s"


def _groups(glance: Glance) -> Iterator[tuple[Any, ...]]:
    for one in glance.groups:
        yield one.group, one.state, one.members or "NONE", one.lag


def shop_row(one: ShopGlance) -> tuple[Any, ...]:
    """One shop."""
    pushes = one.pushes
    due = 0 if pushes is None else pushes.counts[PushState.DUE] + pushes.counts[PushState.RUNNING]
    waiting = 0 if pushes is None else pushes.counts[PushState.WAITING] + pushes.counts[PushState.PARKED]
    held = "" if pushes is None else "; ".join(pushes.holdups)
    counts = (one.products.get(status.value, 0) for status in StatusName)
    return one.shop_key, *counts, due, waiting, held or "go on", _run(one.last_import), _run(one.last_sweep)


def _run(run: LastRun | None) -> str | None:
    return None if run is None else f"{show(run.ended_at or run.requested_at)} {run.state}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(show(cell)) for cell in row))
    return made
