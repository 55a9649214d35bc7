"""Why a product is in its 状態, and who has to do something about it. Pure."""

import shlex
from collections.abc import Iterator
from datetime import datetime

from shopsync_contracts.events import ProductSnapshot
from shopsync_readmodel.actors import Actor, Cause
from shopsync_readmodel.products.missing_values import missing_value
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.products.remedies import BY_CODE
from shopsync_readmodel.times import show_time
from shopsync_runtime.wording import counted

_HELD = "nothing: applied when futureshop's change comes, else a dead letter (`shopsync dead-letters list`)"


def causes(found: StoredProduct, now: datetime) -> tuple[Cause, ...]:
    """One per reason, those that block it first; empty when nothing has to be done."""
    return tuple(_causes(found, now))


def _causes(found: StoredProduct, now: datetime) -> Iterator[Cause]:
    snapshot = found.snapshot
    if snapshot is not None:
        for name in snapshot.missing:
            yield missing_value(name, found, snapshot)
        if found.pause is not None and snapshot.sync_enabled:
            what = f"the shop's pushes are {found.pause.line}"
            yield Cause(Actor.OPERATOR, what, f"`shopsync shops resume {found.shop_key}`")
        yield from _by_status(found, snapshot, now)
        yield from _removal(snapshot)
        yield from _former(snapshot)
    elif found.tombstone is not None and found.tombstone.tiktok_product_id is not None:
        what = f"the old listing {found.tombstone.tiktok_product_id} may still be there (DL-5)"
        yield Cause(Actor.SELLER_CENTER, what, "delete it there if it is no longer wanted")
    for held in found.held:
        yield Cause(Actor.WAIT, f"{held.what} waits for {'its SKU' if snapshot else 'the product'}", _HELD)


# By 状態


def _by_status(found: StoredProduct, snapshot: ProductSnapshot, now: datetime) -> Iterator[Cause]:
    match snapshot.status:
        case "pending":
            yield _pending(found, snapshot, now)
        case "warehouse_missing":
            text = snapshot.error.message if snapshot.error is not None else "the shop has no usable sales warehouse"
            yield Cause(Actor.SELLER_CENTER, text, "set up a sales warehouse, then sync")
        case "sync_error":
            yield from _sync_error(found, snapshot, now)
        case "in_review" if snapshot.error is not None:
            yield from _rejected(snapshot)
        case "in_review":
            yield Cause(Actor.WAIT, "TikTok Shop reviews the product", "nothing: the verdict comes by itself")
        case "rejected":
            yield from _rejected(snapshot)
        case "synced" if not snapshot.live:
            who = Actor.WAIT if snapshot.sync_enabled else Actor.SELLER_CENTER
            do = (
                "nothing: the next timed sync puts it on sale again (LY-6)"
                if snapshot.sync_enabled
                else "put it on sale"
            )
            yield Cause(who, "the listing is hidden in Seller Center", do)


def _pending(found: StoredProduct, snapshot: ProductSnapshot, now: datetime) -> Cause:
    if not snapshot.sync_enabled:
        return Cause(Actor.TOOL, "連携対象 is OFF: nothing is sent (TG-1)", "switch it ON if it is to be sold")
    if found.job is not None:
        return Cause(Actor.WAIT, *_job(found, now))
    if found.shop is None:
        return Cause(Actor.OPERATOR, "the shop has no settings", f"`shopsync shops put {found.shop_key}`")
    sync = found.shop.sync
    if sync.mode == "manual":
        return Cause(Actor.TOOL, "complete, not sent since it changed; the shop syncs by hand", "press [同期]")
    when = f"every {counted(sync.interval_minutes, 'minute')}" if sync.mode == "auto" else f"at {', '.join(sync.times)}"
    return Cause(Actor.WAIT, "complete, not sent since it changed", f"nothing: the shop syncs {when}")


def _job(found: StoredProduct, now: datetime) -> tuple[str, str]:
    job = found.job
    if job is None:
        return "no push is open", "nothing"
    attempts = f"{counted(job.attempts, 'failed attempt')}, {counted(job.waits, 'wait')} for TikTok's limits"
    match job.state(now):
        case "running":
            return f"a push is under way ({attempts})", "nothing"
        case "due":
            return f"a push is due since {show_time(job.due_at)} ({attempts})", "nothing, unless the publisher is down"
        case "parked":
            why = f": {job.reported}" if job.reported else ""
            return f"the push is parked{why}", "a new sync or a new authorisation wakes it"
        case _:
            return f"the push goes on at {show_time(job.due_at)} ({attempts})", "nothing"


def _sync_error(found: StoredProduct, snapshot: ProductSnapshot, now: datetime) -> Iterator[Cause]:
    error = snapshot.error
    code = error.code if error is not None else ""
    text = f"{code}: {error.message}" if error is not None else "the send failed"
    if code in BY_CODE:
        who, do = BY_CODE[code]
        yield Cause(who, text, do.format(shop_key=shlex.quote(found.shop_key)))
    elif found.job is None:
        yield Cause(Actor.TOOL, text, "correct what TikTok names, then press [同期]")
    else:
        yield Cause(Actor.WAIT, text, "nothing: it is tried again")
    if found.job is not None:
        yield Cause(Actor.WAIT, *_job(found, now))


def _rejected(snapshot: ProductSnapshot) -> Iterator[Cause]:
    error = snapshot.error
    reasons = [one for one in (error.reasons if error is not None else ()) if one.reason]
    if not reasons:
        text = error.message if error is not None else "TikTok's review rejected the product"
        yield Cause(Actor.SELLER_CENTER, text, "look there for details, correct, sync")
    for one in reasons:
        text = f"{one.position}: {one.reason}" if one.position else one.reason
        yield Cause(Actor.SELLER_CENTER, text, one.suggestion or "look there for details, correct, sync")


# Whatever the 状態


def _removal(snapshot: ProductSnapshot) -> Iterator[Cause]:
    removed = snapshot.removed_upstream
    if removed is None:
        return
    what = f"gone from futureshop, proven {show_time(removed.at)}"
    if snapshot.sync_enabled:
        yield Cause(Actor.TOOL, f"{what}; kept and still sent while ON (DL-4, DL-7)", "switch OFF to let it go")
    else:
        yield Cause(Actor.WAIT, f"{what}, and OFF", "nothing: the next nightly run deletes it (DL-1)")


def _former(snapshot: ProductSnapshot) -> Iterator[Cause]:
    former = snapshot.former_listing
    if former is not None and snapshot.tiktok_product_id is None:
        what = f"an earlier product of this number left the listing {former.tiktok_product_id} (DL-13)"
        yield Cause(Actor.SELLER_CENTER, what, "delete it there before sending this one, or there will be two")
