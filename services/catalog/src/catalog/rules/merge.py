"""Folds a product's messages into its stored state and returns the next state. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from catalog.errors import CatalogRefusal, FormerLife, NotKnownYet, UnknownProduct
from catalog.rules import edits, push_results, upstream
from catalog.rules.admission import check_timestamps
from catalog.rules.deletion import make_tombstone, reason_to_keep
from catalog.rules.model import AppliedOffset, Partition, Record, Rules, Snapshot, State
from catalog.rules.snapshot import take_snapshot
from shopsync_contracts import Event
from shopsync_contracts.events import (
    DeleteRequested,
    ProductChanged,
    ProductEdited,
    ProductRemoved,
    PushFailed,
    PushSkipped,
    PushSucceeded,
    ReviewChanged,
    SyncTargetSet,
)
from shopsync_contracts.times import to_the_millisecond


class ReceivedMessage(Struct, frozen=True):
    """One message and where it came from. `timestamp` is the broker's.

    A `held` message waited for its product and is applied out of order, so its offset does not tell repeats.
    """

    event: Event[Any]
    topic: str
    partition: int
    offset: int
    timestamp: datetime
    held: bool = False

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition and offset, which identify the message."""
        return self.topic, self.partition, self.offset


class Note(Struct, frozen=True):
    """A log entry for operators. `warn` is set when somebody may have to act."""

    message: ReceivedMessage
    text: str
    warn: bool = False
    details: dict[str, Any] = field(default_factory=dict)


class Folded(Struct):
    """The outcome of a fold.

    `repeated`: one of the messages was applied before, and its snapshot may not have been published.
    """

    state: State
    repeated: bool = False
    refused: list[tuple[ReceivedMessage, CatalogRefusal]] = field(default_factory=list)
    waiting: list[tuple[ReceivedMessage, NotKnownYet]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def fold(state: State, messages: Sequence[ReceivedMessage], rules: Rules, now: datetime) -> Folded:
    """Apply one product's messages in order.

    A message that was applied before changes nothing. A message about an unknown product or SKU is tried again after
    each further change from futureshop, since it may just have been faster. If that does not help, it is `waiting`.
    """
    folded = Folded(state)
    for message in messages:
        _try(folded, message, rules, now)
        if folded.waiting and isinstance(message.event.data, ProductChanged):
            early, folded.waiting = folded.waiting, []
            for one, _ in early:
                _try(folded, one, rules, now, again=True)
    # A repeat may follow a crash, between whose write and its second look at the tax settings these have changed.
    if folded.state is not state or folded.repeated:
        folded.state = _with_snapshot(state, folded.state, rules, now)
    return folded


def _try(folded: Folded, message: ReceivedMessage, rules: Rules, now: datetime, *, again: bool = False) -> None:
    try:
        check_timestamps(message.event, message.timestamp)
        _apply_once(folded, message, rules, now, in_place=not (again or message.held))
    except NotKnownYet as error:
        folded.waiting.append((message, error))
    except CatalogRefusal as error:
        folded.refused.append((message, error))


def _apply_once(folded: Folded, message: ReceivedMessage, rules: Rules, now: datetime, *, in_place: bool) -> None:
    """Apply one message. `in_place`: in the order of its partition, so its offset tells whether it is a repeat."""
    state = folded.state
    if in_place and _is_repeat(state, message):
        folded.repeated = True
        return
    after = _apply(folded, message, rules, now)
    if after is state:
        # A held message that changes nothing was applied by an earlier attempt, which may not have published it.
        folded.repeated = folded.repeated or message.held
    folded.state = _with_offset(after, message, in_place=in_place)


def _with_offset(state: State, message: ReceivedMessage, *, in_place: bool) -> State:
    """The state with the message's offset, also when the message changed nothing.

    Otherwise the message would be judged again, by a newer state, when its topic is read again. What changed nothing
    before a deletion would be refused after it.
    """
    if state.record is None and state.tombstone is None:
        return state
    known = state.applied.get((message.topic, message.partition))
    if not in_place and known is not None and (message.offset <= known.offset or message.timestamp < known.timestamp):
        # Applied out of order: later messages of its partition are in the state already.
        return state
    return State(state.record, state.snapshot, state.tombstone, _advanced_offsets(state, message))


def _is_repeat(state: State, message: ReceivedMessage) -> bool:
    """Whether the message was applied before.

    A topic that was created again starts at offset 0. The later timestamps tell its messages from repeats.
    """
    known = state.applied.get((message.topic, message.partition))
    return known is not None and message.offset <= known.offset and message.timestamp <= known.timestamp


def _advanced_offsets(state: State, message: ReceivedMessage) -> dict[Partition, AppliedOffset]:
    partition = (message.topic, message.partition)
    known = state.applied.get(partition)
    timestamp = message.timestamp if known is None else max(message.timestamp, known.timestamp)
    return {**state.applied, partition: AppliedOffset(message.offset, timestamp)}


def _apply(folded: Folded, message: ReceivedMessage, rules: Rules, now: datetime) -> State:
    state, body = folded.state, message.event.data
    if type(body) is ProductChanged:  # nearly all messages; asking `isinstance` of a model is slow
        return _change(folded, message, upstream.observation_of(body), rules)
    if isinstance(body, ProductEdited | SyncTargetSet):
        _refuse_former_life(state, message.event)
    match body:
        case DeleteRequested():
            return _delete(folded, message, body, rules, now)
        case ProductEdited() | SyncTargetSet() if state.record is None:
            raise UnknownProduct(_not_there(state, body.subject))
        case ProductRemoved() | PushSucceeded() | PushFailed() | PushSkipped() | ReviewChanged() if (
            state.record is None
        ):
            return _ignore(folded, message)
    if state.record is None:
        raise CatalogRefusal(f"{message.event.type} is not for the catalogue's products")
    record = _touch(state.record, state, message)
    if record == state.record:
        return state
    if isinstance(body, SyncTargetSet):
        folded.notes += _notes_on_target(record, message)
    return replace(state, record=record)


def _refuse_former_life(state: State, event: Event[Any]) -> None:
    """Raise FormerLife for an edit of a product that was deleted since, even if it was registered again (DL-13)."""
    ended = state.tombstone.deleted_at if state.tombstone else state.record.born_after if state.record else None
    made = event.data.edited_at if isinstance(event.data, ProductEdited) else event.time
    if ended is not None and to_the_millisecond(made) < ended:
        since = "was deleted from the tool" if state.record is None else "was registered in futureshop again"
        raise FormerLife(
            f"made at {made.isoformat()}, before product {event.subject} {since} at {ended.isoformat()}: what was done"
            " to the deleted one is not done to another; make the change again"
        )


def _notes_on_target(record: Record, message: ReceivedMessage) -> list[Note]:
    """Warnings for two cases where switching ON may not do what the merchant expects. It takes effect anyway."""
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
            stored = record.first_content_version if state.snapshot is None else state.snapshot["content_version"]
            after = push_results.push_skipped(record, body, event.id, stored)
        case ReviewChanged() as body:
            after = push_results.review_changed(record, body)
        case _:
            raise CatalogRefusal(f"{event.type} is not for the catalogue's products")
    return after


def _change(folded: Folded, message: ReceivedMessage, seen: upstream.Observation, rules: Rules) -> State:
    state = folded.state
    if state.record is not None:
        record = upstream.observe(state.record, seen, rules)
        return state if record is state.record else State(record, state.snapshot, None, state.applied)
    tombstone = state.tombstone
    if tombstone is not None and upstream.is_late(tombstone, seen):
        details = {"sweep_id": tombstone.sweep_id}
        folded.notes.append(Note(message, "late event of a deleted product ignored", details=details))
        return state
    record = upstream.new_record(seen, tombstone)
    if record.former_listing is not None:
        details = {"former_tiktok_product_id": record.former_listing.tiktok_product_id}
        text = "product came back; its former TikTok listing may still be there"
        folded.notes.append(Note(message, text, warn=True, details=details))
    return replace(state, record=record, snapshot=None, tombstone=None)


def _delete(folded: Folded, message: ReceivedMessage, command: DeleteRequested, rules: Rules, now: datetime) -> State:
    state = folded.state
    if state.record is None:
        # Deleted before. A crash may have prevented the null snapshot, so it is published again.
        folded.repeated = folded.repeated or state.tombstone is not None
        return state
    if (kept := reason_to_keep(state.record, command, now, rules.proof_age)) is not None:
        details = {"because": kept, "sweep_id": command.sweep_id}
        folded.notes.append(Note(message, "product kept", details=details))
        return state
    snapshot = state.snapshot or _snapshot(state, state, rules, now)
    return replace(state, record=None, snapshot=None, tombstone=make_tombstone(state.record, snapshot, command, now))


def _ignore(folded: Folded, message: ReceivedMessage) -> State:
    """Proofs of absence and TikTok's reports about an unknown product do not create it (scenario 72).

    The TikTok id of a push that ended after the deletion is stored on the tombstone for a later warning (DL-13).
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


def _with_snapshot(before: State, after: State, rules: Rules, now: datetime) -> State:
    """The state with its present snapshot; `before` itself when nothing has changed, not even an offset."""
    if after.record is None:
        return after
    if _is_only_seen_again(before, after):
        return after
    snapshot = _snapshot(before, after, rules, now)
    if after.applied == before.applied and snapshot is before.snapshot and after.record == before.record:
        return before
    return State(after.record, snapshot, after.tombstone, after.applied)


def _is_only_seen_again(before: State, after: State) -> bool:
    """Whether futureshop showed what is known, as in most messages of an import, so that the snapshot is as before.

    Tax settings may have changed since. The shop is repriced for that, see `refresh_for_settings`.
    """
    record, known = after.record, before.record
    if record is None or known is None or after.snapshot is not before.snapshot:
        return False
    if record is known:
        return after.applied != before.applied
    seen, upstream = record.upstream, known.upstream
    return (
        seen.product is upstream.product
        and seen.taken_at == upstream.taken_at
        and record.removed_upstream == known.removed_upstream
        and record == known.with_upstream(seen, known.stock)
    )


def _snapshot(before: State, after: State, rules: Rules, now: datetime) -> Snapshot:
    if after.record is None:
        raise ValueError("a product that is not there has no snapshot")
    return take_snapshot(
        after.record,
        # If the product was deleted and registered again in this batch, the old record does not count.
        before=before.record if after.snapshot is not None else None,
        previous=after.snapshot,
        tax=rules.tax,
        now=now,
    )


def remember_refused(state: State, messages: Sequence[ReceivedMessage]) -> Folded:
    """Store the offsets of messages whose dead letters are published, so that they are not refused a second time."""
    for message in messages:
        state = _with_offset(state, message, in_place=False)
    return Folded(state)


def refresh_snapshot(state: State, rules: Rules, now: datetime) -> Folded:
    """Build the snapshot again under other rules. The layers stay the same."""
    return Folded(_with_snapshot(state, state, rules, now))


def refresh_for_settings(state: State, cause: ReceivedMessage, rules: Rules, now: datetime) -> Folded:
    """Build the snapshot again because of `cause`, a message with the shop's settings, unless it is a repeat."""
    if _is_repeat(state, cause):
        return Folded(state, repeated=True)
    after = _with_snapshot(state, state, rules, now)
    if after is state:
        return Folded(state)
    return Folded(replace(after, applied=_advanced_offsets(after, cause)))
