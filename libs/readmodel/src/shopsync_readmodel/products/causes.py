"""Why a product is in its 状態, and who has to do something about it. Pure."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shopsync_contracts.events import ProductSnapshot, SnapshotError
from shopsync_readmodel.actors import Actor
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.stored.layers import UPSTREAM_FIELDS, SkuNo
from shopsync_readmodel.times import show_time
from shopsync_runtime.wording import counted


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason, and what helps."""

    who: Actor
    what: str
    do: str


_AUTHORISE = (Actor.TOOL, "authorise the shop at TikTok Shop again (TikTok Shop認証), then sync")
_SEE = (Actor.SELLER_CENTER, "look at the listing there")
_LOOK_AT_LOG = (Actor.OPERATOR, "look at the publisher's log")
_SERVE_IMAGES = (Actor.FUTURESHOP, "make the images reachable from outside")
_OTHER_IMAGE = (Actor.FUTURESHOP, "put another image there, then sync; or enter other images in the tool")
_BY_CODE = {
    "not_authorized": _AUTHORISE,
    "authorization": _AUTHORISE,
    "shop_unknown": (Actor.OPERATOR, "`shopsync shops put {shop_key}`, then sync"),
    "internal": _LOOK_AT_LOG,
    "106001": (Actor.OPERATOR, "the app's key or secret is wrong: correct the publisher's settings"),
    "36009033": (Actor.OPERATOR, "add the publisher's address to the app's IP allow list in Partner Center"),
    "clock": (Actor.OPERATOR, "set the clock of the publisher's machine"),
    "token_key": (Actor.OPERATOR, "put the former key into PUBLISHER_TOKEN_KEY, behind the new one and a comma"),
    "106013": _AUTHORISE,
    "image_host": _SERVE_IMAGES,
    "image_network": _SERVE_IMAGES,
    "image_timeout": _SERVE_IMAGES,
    "image_private": _SERVE_IMAGES,
    "image_http_403": _SERVE_IMAGES,
    "image_http_404": _SERVE_IMAGES,
    "image_small": _OTHER_IMAGE,
    "image_pixels": _OTHER_IMAGE,
    "image_format": _OTHER_IMAGE,
    "image_broken": _OTHER_IMAGE,
    "image_too_large": _OTHER_IMAGE,
    "frozen": _SEE,
    "deactivated": _SEE,
    "platform_deactivated": _SEE,
    "deleted": (Actor.SELLER_CENTER, "restore the listing there, or switch 連携対象 OFF in the tool"),
    "deleted_in_seller_center": (Actor.SELLER_CENTER, "restore the listing there, or switch 連携対象 OFF in the tool"),
}
_UPSTREAM = (*UPSTREAM_FIELDS, "axes", "skus")


def causes(found: StoredProduct, now: datetime) -> tuple[Cause, ...]:
    """One per reason, those that block it first; empty when nothing has to be done."""
    return tuple(_causes(found, now))


def _causes(found: StoredProduct, now: datetime) -> Iterator[Cause]:
    snapshot = found.snapshot
    if snapshot is not None:
        for name in snapshot.missing:
            yield _missing(name, found, snapshot)
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


_HELD = "nothing: applied when futureshop's change comes, else a dead letter (`shopsync dead-letters list`)"


# Missing values ------------------------------------------------------------------------------------------------


def _missing(name: str, found: StoredProduct, snapshot: ProductSnapshot) -> Cause:
    root = name.partition("[")[0].partition(".")[0]
    is_stock = name == "stock" or name.endswith(".stock")
    who = Actor.FUTURESHOP if root in _UPSTREAM and not is_stock else Actor.TOOL
    place = "correct it in futureshop and import, or correct it in the tool"
    if who is Actor.FUTURESHOP and root not in UPSTREAM_FIELDS:
        place = "correct it in futureshop and import"
        if name.endswith(".price"):
            place = "enter a price in futureshop and import, or a price in the tool"
    if who is Actor.TOOL or root in snapshot.edited_fields:
        who, place = Actor.TOOL, "enter it (商品詳細 or 一括入力・変更)"
    elif snapshot.removed_upstream is not None and root in UPSTREAM_FIELDS:
        who, place = Actor.TOOL, "enter it in the tool: futureshop has the product no more"
    if is_stock:
        place = "enter at least 1 per SKU: an import brings stock only once (ST-1, ST-8)"
    return Cause(who, f"{name}: {_what_is_missing(name, found, snapshot)}", place)


def _what_is_missing(name: str, found: StoredProduct, snapshot: ProductSnapshot) -> str:
    outcome = found.layers.listing.outcome
    is_refused = outcome is not None and outcome.content_version == snapshot.content_version
    if is_refused and outcome is not None and outcome.kind == "incomplete" and name in outcome.missing:
        return _refusal(name, snapshot.error)
    if name == "stock":
        return f"none for {', '.join(_without_stock(found, snapshot)) or 'a SKU'}"
    if name == "price":
        blank = [_sku(sku.vertical_no, sku.horizontal_no) for sku in snapshot.skus if not sku.price]
        return f"none for {_few(blank)}" if len(snapshot.skus) > 1 and blank else "blank in the sale form in force"
    if name == "package_dimensions_cm":
        size = snapshot.content.package_dimensions_cm
        blank = [side for side in ("length", "width", "height") if size is None or not getattr(size, side)]
        return f"{', '.join(blank)} blank"
    return "blank"


def _refusal(name: str, error: SnapshotError | None) -> str:
    """The publisher's text: its part about this field where there is one, else the whole."""
    if error is None:
        return "refused by the check before sending (the text is in push.failed, `shopsync tail listing-events`)"
    own = [part.removeprefix(f"{name}: ") for part in error.message.split("; ") if part.startswith(f"{name}: ")]
    return "; ".join(own) or error.message


def _without_stock(found: StoredProduct, snapshot: ProductSnapshot) -> list[str]:
    stock = found.layers.stock
    lacking = []
    for sku in snapshot.skus:
        number: SkuNo = (sku.vertical_no, sku.horizontal_no)
        is_sent = number in stock and stock[number].sent is not None
        if not sku.stock and not is_sent:
            lacking.append(f"{_sku(*number)}{' (在庫有り)' if sku.stock_unmanaged and sku.stock is None else ''}")
    return [_few(lacking)] if lacking else []


def _sku(vertical: str, horizontal: str) -> str:
    return f"{vertical}:{horizontal}" if vertical or horizontal else "the only SKU"


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


# 状態 ----------------------------------------------------------------------------------------------------------


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
    if code in _BY_CODE:
        who, do = _BY_CODE[code]
        yield Cause(who, text, do.format(shop_key=shlex.quote(found.shop_key)))
    elif found.job is None:
        yield Cause(Actor.TOOL, text, "correct what TikTok names, then press [同期]")
    else:
        yield Cause(Actor.WAIT, text, "nothing: it is tried again")
    if found.job is not None:
        yield Cause(Actor.WAIT, *_job(found, now))


def _rejected(snapshot: ProductSnapshot) -> Iterator[Cause]:
    error = snapshot.error
    told = [one for one in (error.reasons if error is not None else ()) if one.reason]
    if not told:
        text = error.message if error is not None else "TikTok's review rejected the product"
        yield Cause(Actor.SELLER_CENTER, text, "look there for details, correct, sync")
    for one in told:
        text = f"{one.position}: {one.reason}" if one.position else one.reason
        yield Cause(Actor.SELLER_CENTER, text, one.suggestion or "look there for details, correct, sync")


# Beside its 状態 ------------------------------------------------------------------------------------------------


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
