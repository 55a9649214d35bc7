"""Pushes to be done as rows. Pure."""

from datetime import datetime, timedelta
from typing import Any

from shopsync_cli.views.output import show
from shopsync_readmodel.shops.pushes import Push, ShopPushes
from shopsync_readmodel.stored.push_jobs import PushState

SHOP_PUSHES_COLUMNS = ("shop", "due", "in work", "waiting", "parked", "oldest due", "calls/s", "held up by")
PUSH_COLUMNS = ("product", "state", "why", "until", "attempts", "asked for", "worker")


def shop_pushes_row(one: ShopPushes, moment: datetime) -> tuple[Any, ...]:
    """One shop."""
    return (
        one.shop_key,
        one.counts[PushState.DUE],
        one.counts[PushState.RUNNING],
        one.counts[PushState.WAITING],
        one.counts[PushState.PARKED],
        None if one.due_since is None else _lasting(moment - one.due_since),
        _rate(one, moment),
        "; ".join(one.holdups),
    )


def _rate(one: ShopPushes, moment: datetime) -> str | None:
    if one.rate is None:
        return None
    remarks = [] if one.rate_at is None else [f"{_lasting(moment - one.rate_at)} ago"]
    remarks += [] if one.learned is None else [f"TikTok's limits taught {one.learned:.3g}"]
    return f"{one.rate:.3g}" + (f" ({', '.join(remarks)})" if remarks else "")


def push_row(one: Push) -> tuple[Any, ...]:
    """One push."""
    asked = f"{one.reason or '?'}, {show(one.requested_at)}"
    return f"{one.shop_key}/{one.product_no}", one.state, one.why, one.until, one.attempts, asked, one.worker


def _lasting(span: timedelta) -> str:
    """Roughly: `42 s`, `3 min`, `2 h`, `5 d`."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
