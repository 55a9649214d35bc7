"""Why a product is in its 状態, and who has to do something about it. Pure."""

import shlex
from collections.abc import Iterator, Mapping
from datetime import datetime

from shopsync_contracts.events import ProductSnapshot
from shopsync_readmodel.actors import Actor, Cause
from shopsync_readmodel.products import cause_words as say
from shopsync_readmodel.products.missing_values import missing_value
from shopsync_readmodel.products.own_words import reason_of_state, reported, suggestion_in_japanese
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.products.remedies import BY_CODE
from shopsync_readmodel.products.sale import Sale, sale_of
from shopsync_readmodel.stored.held import HeldMessage
from shopsync_readmodel.times import show_time, show_time_en, show_time_ja
from shopsync_readmodel.words import Words
from shopsync_runtime.wording import counted


def causes(found: StoredProduct, now: datetime, attributes: Mapping[str, str] | None = None) -> tuple[Cause, ...]:
    """One per reason, those that block it first; empty when nothing has to be done.

    `attributes`: names of TikTok's attributes by their ids, as far as they are known.
    """
    return tuple(_causes(found, now, attributes))


def _causes(found: StoredProduct, now: datetime, attributes: Mapping[str, str] | None) -> Iterator[Cause]:
    snapshot = found.snapshot
    if snapshot is not None:
        for name in snapshot.missing:
            yield missing_value(name, found, snapshot, attributes)
        if found.pause is not None and snapshot.sync_enabled:
            what = say.PAUSED.fill(pause=found.pause.line, since=_moment(found.pause.since))
            yield Cause.of(Actor.OPERATOR, what, say.RESUME.fill(shop_key=found.shop_key))
        yield from _by_status(found, snapshot, now)
        yield from _removal(snapshot)
        yield from _former(snapshot)
    elif found.tombstone is not None and found.tombstone.tiktok_product_id is not None:
        what = say.LEFT_BEHIND.fill(listing=found.tombstone.tiktok_product_id)
        yield Cause.of(Actor.SELLER_CENTER, what, say.DELETE_LEFT)
    for held in found.held:
        yield _held(held, is_there=snapshot is not None)


def _held(held: HeldMessage, *, is_there: bool) -> Cause:
    kind = Words(held.what, *say.HELD_KINDS.get(held.event_type or "", say.HELD_OTHER))
    what = say.HELD.fill(what=kind, whom=say.ITS_SKU if is_there else say.THE_PRODUCT)
    return Cause.of(Actor.WAIT, what, say.HELD_DO)


def _moment(at: datetime | None) -> Words:
    return Words(show_time(at), show_time_ja(at), show_time_en(at))


# By 状態


def _by_status(found: StoredProduct, snapshot: ProductSnapshot, now: datetime) -> Iterator[Cause]:
    match snapshot.status:
        case "pending":
            if snapshot.sync_enabled:
                yield from _last_try(found)
            yield _pending(found, snapshot, now)
        case "warehouse_missing":
            text = snapshot.error.message if snapshot.error is not None else say.NO_WAREHOUSE
            yield Cause.of(Actor.SELLER_CENTER, reported(text), say.SET_UP_WAREHOUSE)
        case "sync_error":
            yield from _sync_error(found, snapshot, now)
        case "in_review" if snapshot.error is not None:
            yield from _rejected(snapshot)
        case "in_review":
            yield Cause.of(Actor.WAIT, say.IN_REVIEW, say.AWAIT_VERDICT)
        case "rejected":
            yield from _rejected(snapshot)
        case "synced" if sale_of(found, snapshot) is Sale.HIDDEN:
            yield _hidden(found, snapshot)


def _hidden(found: StoredProduct, snapshot: ProductSnapshot) -> Cause:
    if not snapshot.sync_enabled:
        return Cause.of(Actor.SELLER_CENTER, say.HIDDEN, say.PUT_ON_SALE)
    is_by_hand = found.shop is not None and found.shop.sync.mode == "manual"
    return Cause.of(Actor.WAIT, say.HIDDEN, say.SHOWN_AGAIN_BY_HAND if is_by_hand else say.SHOWN_AGAIN)


def _pending(found: StoredProduct, snapshot: ProductSnapshot, now: datetime) -> Cause:
    if not snapshot.sync_enabled:
        return Cause.of(Actor.TOOL, say.OFF, say.SWITCH_ON)
    if found.job is not None:
        return Cause.of(Actor.WAIT, *_job(found, now))
    if found.shop is None:
        return Cause.of(Actor.OPERATOR, say.NO_SETTINGS, say.PUT_SETTINGS.fill(shop_key=found.shop_key))
    sync = found.shop.sync
    if sync.mode == "manual":
        return Cause.of(Actor.TOOL, say.NOT_SENT_BY_HAND, say.PRESS_SYNC)
    if sync.mode == "auto":
        when = Words(f"every {counted(sync.interval_minutes, 'minute')}", f"{sync.interval_minutes}分ごとに")
    else:
        when = Words(f"at {', '.join(sync.times)}", f"{'、'.join(sync.times)}に")
    return Cause.of(Actor.WAIT, say.NOT_SENT, say.SYNCS_BY_ITSELF.fill(when=when))


def _last_try(found: StoredProduct) -> Iterator[Cause]:
    """Why a push that is tried again did not go through; the product's own error comes after several tries."""
    if found.job is None or found.job.trouble is None:
        return
    code, text = found.job.trouble
    yield _remedied(found, code, say.LAST_TRY.fill(text=_answer(code, text)), Actor.WAIT, say.TRIED_AGAIN)


def _job(found: StoredProduct, now: datetime) -> tuple[Words, Words]:
    job = found.job
    if job is None:
        return say.NO_PUSH, say.NOTHING
    attempts, waits = counted(job.attempts, "failed attempt"), counted(job.waits, "wait")
    tries = say.TRIES.format(attempts=attempts, waits=waits)
    match job.state(now):
        case "running":
            return say.RUNNING.fill(tries=tries), say.NOTHING
        case "due":
            return say.DUE.fill(at=_moment(job.due_at), tries=tries), say.DUE_DO
        case "parked":
            return say.PARKED.fill(why=f": {job.reported}" if job.reported else ""), say.PARKED_DO
        case _:
            return say.WAITS.fill(at=_moment(job.due_at), tries=tries), say.NOTHING


def _sync_error(found: StoredProduct, snapshot: ProductSnapshot, now: datetime) -> Iterator[Cause]:
    error = snapshot.error
    code = error.code if error is not None else ""
    what = Words(say.SEND_FAILED, say.SEND_FAILED_JA) if error is None else _answer(code, error.message)
    if found.job is None:
        yield _remedied(found, code, what, Actor.TOOL, say.CORRECT)
    else:
        yield _remedied(found, code, what, Actor.WAIT, say.TRIED_AGAIN)
    if found.job is not None:
        yield Cause.of(Actor.WAIT, *_job(found, now))


def _remedied(found: StoredProduct, code: str, what: Words, who: Actor, do: Words) -> Cause:
    """With what helps against this code; `who` and `do` for one that has no remedy of its own."""
    if code not in BY_CODE:
        return Cause.of(who, what, do)
    remedy = BY_CODE[code]
    told = what if remedy.told is None else Words(what.english, remedy.told, say.OUR_SIDE)
    return Cause.of(remedy.who, told, remedy.do.fill(shop_key=shlex.quote(found.shop_key)))


def _answer(code: str, message: str) -> Words:
    """Codes of TikTok's are numbers: then what it said stands under its name."""
    if code in _STATES:
        reason = reason_of_state(message)
        why = say.WHY.fill(reason=reason) if reason else ""
        return _STATES[code].fill(code=code, text=message, why=why)
    return (say.OF_TIKTOK if code.isdecimal() else say.OF_US).fill(code=code, text=reported(message))


_STATES = {"frozen": say.FROZEN, "deactivated": say.TAKEN_OFF, "platform_deactivated": say.TAKEN_OFF}


def _rejected(snapshot: ProductSnapshot) -> Iterator[Cause]:
    error = snapshot.error
    reasons = [one for one in (error.reasons if error is not None else ()) if one.reason]
    if not reasons:
        text = error.message if error is not None else "TikTok's review rejected the product"
        yield Cause.of(Actor.SELLER_CENTER, reported(text), say.LOOK_THERE)
    for one in reasons:
        text = f"{one.position}: {one.reason}" if one.position else one.reason
        do = _suggested(one.suggestion) if one.suggestion else say.LOOK_THERE
        yield Cause.of(Actor.SELLER_CENTER, Words.same(text), do)


def _suggested(text: str) -> Words:
    return Words(text, suggestion_in_japanese(text), text)


# Whatever the 状態


def _removal(snapshot: ProductSnapshot) -> Iterator[Cause]:
    removed = snapshot.removed_upstream
    if removed is None:
        return
    at = _moment(removed.at)
    if snapshot.sync_enabled:
        yield Cause.of(Actor.TOOL, say.GONE_ON.fill(at=at), say.LET_GO)
    else:
        yield Cause.of(Actor.WAIT, say.GONE_OFF.fill(at=at), say.NIGHT_DELETES)


def _former(snapshot: ProductSnapshot) -> Iterator[Cause]:
    former = snapshot.former_listing
    if former is not None and snapshot.tiktok_product_id is None:
        what = say.FORMER.fill(listing=former.tiktok_product_id)
        yield Cause.of(Actor.SELLER_CENTER, what, say.DELETE_FORMER)
