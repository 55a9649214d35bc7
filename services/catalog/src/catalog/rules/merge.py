"""The fold: one product's stored state and its messages in, its next state out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from catalog.errors import CatalogRefusal, FormerLife, NotKnownYet, UnknownProduct
from catalog.rules import edits, push_results, upstream
from catalog.rules.admission import admit
from catalog.rules.deletion import bury, reason_to_keep
from catalog.rules.model import AppliedOffset, Partition, Record, Rules, State
from catalog.rules.snapshot import take_snapshot
from shopsync_contracts import Event
from shopsync_contracts.events import (
    DeleteRequested,
    ProductChanged,
    ProductEdited,
    ProductRemoved,
    ProductSnapshot,
    PushFailed,
    PushSkipped,
    PushSucceeded,
    ReviewChanged,
    SyncTargetSet,
)
from shopsync_contracts.times import to_the_millisecond


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """One message and where it came from. `timestamp` is the broker's stamp.

    `held`: it has waited for its product and comes again out of its place; its offset says nothing about repeats.
    """

    event: Event[Any]
    topic: str
    partition: int
    offset: int
    timestamp: datetime
    held: bool = False

    @property
    def place(self) -> tuple[str, int, int]:
        """What names the message for good."""
        return self.topic, self.partition, self.offset


@dataclass(frozen=True, slots=True)
class Note:
    """Something that an operator may ask about later; `warn` when somebody may have to act."""

    message: ReceivedMessage
    text: str
    warn: bool = False
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Folded:
    """What became of the messages. `repeated`: one of them was in the state already, so its snapshot may be lost."""

    state: State
    repeated: bool = False
    refused: list[tuple[ReceivedMessage, CatalogRefusal]] = field(default_factory=list)
    waiting: list[tuple[ReceivedMessage, NotKnownYet]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def fold(state: State, messages: Sequence[ReceivedMessage], rules: Rules, now: datetime) -> Folded:
    """Apply one product's messages in order.

    A message that was applied before changes nothing. One about something not known yet is tried again after each
    further change from futureshop, since it may only have overtaken it; if none helps, it is `waiting`.
    """
    folded = Folded(state)
    for message in messages:
        _try(folded, message, rules, now)
        if folded.waiting and isinstance(message.event.data, ProductChanged):
            early, folded.waiting = folded.waiting, []
            for one, _ in early:
                _try(folded, one, rules, now, again=True)
    if folded.state is not state:
        folded.state = _settled(state, folded.state, rules, now)
    return folded


def _try(folded: Folded, message: ReceivedMessage, rules: Rules, now: datetime, *, again: bool = False) -> None:
    try:
        admit(message.event, message.timestamp)
        _take(folded, message, rules, now, in_place=not (again or message.held))
    except NotKnownYet as error:
        folded.waiting.append((message, error))
    except CatalogRefusal as error:
        folded.refused.append((message, error))


def _take(folded: Folded, message: ReceivedMessage, rules: Rules, now: datetime, *, in_place: bool) -> None:
    """Apply one message. `in_place`: in the order of its partition, so that its offset tells whether it is a repeat."""
    state = folded.state
    if in_place and _is_repeat(state, message):
        folded.repeated = True
        return
    after = _apply(folded, message, rules, now)
    if after is state:
        # A held one that changes nothing was applied by an attempt that may have ended before its snapshot was out.
        folded.repeated = folded.repeated or message.held
    folded.state = _taken(after, message, in_place=in_place)


def _taken(state: State, message: ReceivedMessage, *, in_place: bool) -> State:
    """The state with the message's place in it, also when it changed nothing.

    Else it would be judged again when its topic is read again, by a state that has gone on: what changed nothing before
    a deletion would be refused after it.
    """
    if state.record is None and state.tombstone is None:
        return state
    known = state.applied.get((message.topic, message.partition))
    if not in_place and known is not None and (message.offset <= known.offset or message.timestamp < known.timestamp):
        # It comes out of its place: later messages of its partition are in the state already.
        return state
    return replace(state, applied=_with_position(state, message))


def _is_repeat(state: State, message: ReceivedMessage) -> bool:
    """A topic that was made again counts offsets from 0; its younger stamps tell its messages from repeats."""
    known = state.applied.get((message.topic, message.partition))
    return known is not None and message.offset <= known.offset and message.timestamp <= known.timestamp


def _with_position(state: State, message: ReceivedMessage) -> dict[Partition, AppliedOffset]:
    partition = (message.topic, message.partition)
    known = state.applied.get(partition)
    stamp = message.timestamp if known is None else max(message.timestamp, known.timestamp)
    return {**state.applied, partition: AppliedOffset(message.offset, stamp)}


def _apply(folded: Folded, message: ReceivedMessage, rules: Rules, now: datetime) -> State:
    state, body = folded.state, message.event.data
    if isinstance(body, ProductEdited | SyncTargetSet):
        _refuse_former_life(state, message.event)
    match body:
        case ProductChanged():
            return _change(folded, message, upstream.at_ms(body), rules)
        case DeleteRequested():
            return _delete(folded, message, body, rules, now)
        case ProductEdited() | SyncTargetSet() if state.record is None:
            raise UnknownProduct(_not_there(state, body.subject))
        case ProductRemoved() | PushSucceeded() | PushFailed() | PushSkipped() | ReviewChanged() if (
            state.record is None
        ):
            return _absent(folded, message)
    if state.record is None:
        raise CatalogRefusal(f"{message.event.type} is not for the catalogue's products")
    record = _touch(state.record, state, message)
    if record == state.record:
        return state
    if isinstance(body, SyncTargetSet):
        folded.notes += _notes_on_target(record, message)
    return replace(state, record=record)


def _refuse_former_life(state: State, event: Event[Any]) -> None:
    """What the merchant did to a product that was deleted since is not done to the one registered again (DL-13)."""
    ended = state.tombstone.deleted_at if state.tombstone else state.record.born_after if state.record else None
    made = event.data.edited_at if isinstance(event.data, ProductEdited) else event.time
    if ended is not None and to_the_millisecond(made) < ended:
        since = "was deleted from the tool" if state.record is None else "was registered in futureshop again"
        raise FormerLife(
            f"made at {made.isoformat()}, before product {event.subject} {since} at {ended.isoformat()}: what was done"
            " to the deleted one is not done to another; make the change again"
        )


def _notes_on_target(record: Record, message: ReceivedMessage) -> list[Note]:
    """ON is obeyed, but twice it may not be what the merchant expects to sell."""
    if not record.sync_enabled:
        return []
    notes = []
    if (removed := record.upstream.removed) is not None:
        details = {"enumeration_id": removed.enumeration_id, "removed_at": removed.completed_at.isoformat()}
        text = "switched ON though removed in futureshop: it is sent with its last values and not deleted at night"
        notes.append(Note(message, text, warn=True, details=details))
    if (former := record.former_listing) is not None:
        details = {"former_tiktok_product_id": former.tiktok_product_id, "deleted_at": former.deleted_at.isoformat()}
        text = "switched ON though a former listing may still be in Seller Center: sending makes a second one"
        notes.append(Note(message, text, warn=True, details=details))
    return notes


def _touch(record: Record, state: State, message: ReceivedMessage) -> Record:
    event = message.event
    match event.data:
        case ProductRemoved() as body:
            after = upstream.prove_absence(record, body)
        case ProductEdited() as body:
            after = edits.edit(record, body)
        case SyncTargetSet() as body:
            after = edits.set_target(record, body.sync_enabled, event.time)
        case PushSucceeded() as body:
            after = push_results.push_succeeded(record, body, event.id, event.time)
        case PushFailed() as body:
            after = push_results.push_failed(record, body, event.id)
        case PushSkipped() as body:
            stored = record.first_content_version if state.snapshot is None else state.snapshot.content_version
            after = push_results.push_skipped(record, body, event.id, stored)
        case ReviewChanged() as body:
            after = push_results.review_changed(record, body)
        case _:
            raise CatalogRefusal(f"{event.type} is not for the catalogue's products")
    return after


def _change(folded: Folded, message: ReceivedMessage, change: ProductChanged, rules: Rules) -> State:
    state = folded.state
    if state.record is not None:
        record = upstream.observe(state.record, change, rules)
        return state if record == state.record else replace(state, record=record)
    tombstone = state.tombstone
    if tombstone is not None and upstream.is_late(tombstone, change):
        details = {"sweep_id": tombstone.sweep_id}
        folded.notes.append(Note(message, "late event of a deleted product ignored", details=details))
        return state
    record = upstream.first_sight(change, tombstone)
    if record.former_listing is not None:
        details = {"former_tiktok_product_id": record.former_listing.tiktok_product_id}
        text = "product came back; its former TikTok listing may still be there"
        folded.notes.append(Note(message, text, warn=True, details=details))
    return replace(state, record=record, snapshot=None, tombstone=None)


def _delete(folded: Folded, message: ReceivedMessage, command: DeleteRequested, rules: Rules, now: datetime) -> State:
    state = folded.state
    if state.record is None:
        # Deleted before: the null snapshot may have been lost with a crash, so it is sent again.
        folded.repeated = folded.repeated or state.tombstone is not None
        return state
    if (kept := reason_to_keep(state.record, command, now, rules.proof_age)) is not None:
        details = {"because": kept, "sweep_id": command.sweep_id}
        folded.notes.append(Note(message, "product kept", details=details))
        return state
    snapshot = state.snapshot or _snapshot(state, state, rules, now)
    return replace(state, record=None, snapshot=None, tombstone=bury(state.record, snapshot, command, now))


def _absent(folded: Folded, message: ReceivedMessage) -> State:
    """Proofs and TikTok's news about a product that is not there re-create nothing (scenario 72).

    The TikTok id of a push that ended after the deletion is kept on the tombstone, to warn with (DL-13).
    """
    state, body = folded.state, message.event.data
    listed = isinstance(body, PushSucceeded)
    details = {"tiktok_product_id": body.tiktok_product_id} if listed else {}
    text = "message about a product that is not in the catalogue ignored"
    folded.notes.append(Note(message, text, warn=listed, details=details))
    if isinstance(body, PushSucceeded) and state.tombstone is not None:
        if state.tombstone.tiktok_product_id == body.tiktok_product_id:
            return state
        skus = {(sku.vertical_no, sku.horizontal_no): sku.tiktok_sku_id for sku in body.skus}
        tombstone = replace(state.tombstone, tiktok_product_id=body.tiktok_product_id, sku_ids=skus)
        return replace(state, tombstone=tombstone)
    return state


def _not_there(state: State, subject: str) -> str:
    if state.tombstone is None:
        return f"product {subject} is not in the catalogue; import it first, then redrive this message"
    return (
        f"product {subject} was deleted from the tool at {state.tombstone.deleted_at.isoformat()}"
        f" (sweep {state.tombstone.sweep_id}); register it in futureshop again, import, then redrive this message"
    )


def _settled(before: State, after: State, rules: Rules, now: datetime) -> State:
    """The state with its snapshot as of now; `before` itself when nothing has changed, not even a position."""
    if after.record is None:
        return after
    snapshot = _snapshot(before, after, rules, now)
    if after.record == before.record and snapshot is before.snapshot and after.applied == before.applied:
        return before
    return replace(after, snapshot=snapshot)


def _snapshot(before: State, after: State, rules: Rules, now: datetime) -> ProductSnapshot:
    if after.record is None:
        raise ValueError("a product that is not there has no snapshot")
    return take_snapshot(
        after.record,
        # A life that ended in this batch is no measure for the next one.
        before=before.record if after.snapshot is not None else None,
        previous=after.snapshot,
        tax=rules.tax,
        now=now,
    )


def remember_refused(state: State, messages: Sequence[ReceivedMessage]) -> Folded:
    """Leave the places of messages whose dead letters are out: read again, they are not refused a second time."""
    for message in messages:
        state = _taken(state, message, in_place=False)
    return Folded(state)


def settle(state: State, rules: Rules, now: datetime) -> Folded:
    """The same layers under other rules, for a product whose messages are applied anyway."""
    return Folded(_settled(state, state, rules, now))


def resettle(state: State, cause: ReceivedMessage, rules: Rules, now: datetime) -> Folded:
    """The same layers under other rules because of `cause`, the shop's settings: a repeat of it is told from new."""
    if _is_repeat(state, cause):
        return Folded(state, repeated=True)
    after = _settled(state, state, rules, now)
    if after is state:
        return Folded(state)
    return Folded(replace(after, applied=_with_position(after, cause)))
