"""`actions` in a shop's document of `accounts`: what the merchant asked for, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from console.errors import WrongForm
from console.model import OPEN_STATES, Action, ActionState
from shopsync_readmodel.stored.effects import EditMarks
from shopsync_runtime.mongo import Database, Document

KEPT = 200
KEPT_NUMBERS = 1_000
"""Product numbers that are kept of an action while it is open, so that its rows can say so."""
KEPT_AFTERWARDS = 100
KEPT_REFUSALS = 200
KEPT_REFUSALS_AFTERWARDS = 20
"""A page shows five; with the longest reasons 200 actions stay far below the 16 MiB of a document."""

_UNSENT = "unsent"
_FREE = datetime(1970, 1, 1, tzinfo=UTC)
_LEASE = timedelta(seconds=60)
"""Longer than any publishing takes: whoever holds it for longer is gone."""
_UNKNOWN_TOLD_FOR = timedelta(days=1)
"""Lists name an action that nobody knows to be sent for so long; its own page does later too."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is stored under an id: by whom it is published now, and what it is.

    `is_mine`: this caller publishes it, with `sent_at` as its time. Else it `is_sent`, or another one is at it.
    """

    is_mine: bool
    is_sent: bool
    digest: str
    sent_at: datetime


class ActionStore:
    """Actions by shop, newest first, the newest 200 of each."""

    def __init__(self, database: Database) -> None:
        self._accounts = database["accounts"]

    async def ensure_indexes(self) -> None:
        """Create the missing index: shops with open actions."""
        await self._accounts.create_index("actions.state")

    # Sending ------------------------------------------------------------------------------------------------

    async def claim(self, action: Action, digest: str, now: datetime) -> Claim:
        """Store the action, or find the one of that id. Only one caller at a time gets it."""
        shop = {"_id": action.shop_key}
        document = {**_document(action), "digest": digest, "claimed_until": now + _LEASE}
        newest = {"$each": [document], "$position": 0, "$slice": KEPT}
        unknown = {**shop, "actions.id": {"$ne": action.id}}
        added = await self._accounts.update_one(unknown, {"$push": {"actions": newest}})
        if added.modified_count:
            return Claim(is_mine=True, is_sent=False, digest=digest, sent_at=action.sent_at)
        left = {"id": action.id, "state": _UNSENT, "digest": digest, "claimed_until": {"$lte": now}}
        taken = await self._accounts.update_one(
            {**shop, "actions": {"$elemMatch": left}}, {"$set": {"actions.$.claimed_until": now + _LEASE}}
        )
        found = await self._one(action.shop_key, action.id)
        if found is None:
            raise WrongForm(f"the shop {action.shop_key} has no account any more")
        return Claim(
            is_mine=taken.modified_count == 1,
            is_sent=found["state"] != _UNSENT,
            digest=found["digest"],
            sent_at=found["sent_at"],
        )

    async def release(self, shop_key: str, action_id: str) -> None:
        """It could not be published: the same form may try again at once."""
        await self._set(shop_key, {"id": action_id, "state": _UNSENT}, {"claimed_until": _FREE})

    async def mark_sent(self, shop_key: str, action_id: str) -> None:
        """All its events are acknowledged."""
        await self._set(shop_key, {"id": action_id, "state": _UNSENT}, {"state": "sent"})

    # What became of it --------------------------------------------------------------------------------------

    async def note(self, action: Action) -> bool:
        """Store state, reason and progress, unless its end is known already. Whether that was new."""
        kept = KEPT_REFUSALS if action.is_open else KEPT_REFUSALS_AFTERWARDS
        changes: Document = {
            "state": action.state,
            "code": action.code,
            "reason": action.reason,
            "until": action.until,
            "progress": None if action.progress is None else dict(action.progress),
            "refused": [list(one) for one in action.refused[:kept]],
            "failures": {status: list(numbers) for status, numbers in action.failures.items()},
        }
        if not action.is_open:
            changes["products"] = None if action.product_nos is None else list(action.product_nos[:KEPT_AFTERWARDS])
        still = {"id": action.id, "state": {"$in": [*OPEN_STATES, _UNSENT]}}
        return await self._set(action.shop_key, still, changes)

    async def _set(self, shop_key: str, which: Mapping[str, Any], changes: Document) -> bool:
        changed = await self._accounts.update_one(
            {"_id": shop_key, "actions": {"$elemMatch": dict(which)}},
            {"$set": {f"actions.$.{name}": value for name, value in changes.items()}},
        )
        return changed.modified_count == 1

    # Reading ------------------------------------------------------------------------------------------------

    async def recent(self, shop_key: str, limit: int, now: datetime) -> list[Action]:
        """Newest first."""
        found = await self._accounts.find_one({"_id": shop_key}, {"email": True, "actions": {"$slice": limit}})
        return _actions(found, now)

    async def get(self, shop_key: str, action_id: str, now: datetime) -> Action | None:
        """One of the shop."""
        found = await self._one(shop_key, action_id)
        return None if found is None else _action(shop_key, found, now)

    async def latest(self, shop_key: str, since: datetime, now: datetime) -> list[Action]:
        """The open ones of a shop, those of a day that are `unknown`, and all since then, newest first."""
        told_since = {"$cond": [{"$eq": ["$$one.state", _UNSENT]}, min(since, now - _UNKNOWN_TOLD_FOR), since]}
        recent = {"$or": [{"$in": ["$$one.state", list(OPEN_STATES)]}, {"$gte": ["$$one.sent_at", told_since]}]}
        found = await self._accounts.find_one({"_id": shop_key}, _only(recent))
        return _actions(found, now)

    async def all_open(self, now: datetime, since: datetime) -> list[Action]:
        """The open ones of all shops, and those since then of which nobody knows whether they were sent."""
        unsent = {"actions": {"$elemMatch": {"state": _UNSENT, "sent_at": {"$gte": since}}}}
        shops = self._accounts.find({"$or": [{"actions.state": {"$in": list(OPEN_STATES)}}, unsent]}, _only(_IS_OPEN))
        return [one async for shop in shops for one in _actions(shop, now) if one.is_confirmed or one.sent_at >= since]

    async def _one(self, shop_key: str, action_id: str) -> Document | None:
        one = {"actions": {"$elemMatch": {"id": action_id}}}
        found = await self._accounts.find_one({"_id": shop_key, **one}, one)
        return None if found is None else found["actions"][0]


_IS_OPEN: Document = {"$in": ["$$one.state", [*OPEN_STATES, _UNSENT]]}


def _only(condition: Document) -> Document:
    """Of a shop's document its actions that fulfil this."""
    return {"actions": {"$filter": {"input": {"$ifNull": ["$actions", []]}, "as": "one", "cond": condition}}}


def _document(action: Action) -> Document:
    marks = action.marks
    return {
        "id": action.id,
        "kind": action.kind,
        "products": None if action.product_nos is None else list(action.product_nos[:KEPT_NUMBERS]),
        "count": action.count,
        "chosen": None if action.chosen is None else dict(action.chosen),
        "sent_at": action.sent_at,
        "state": _UNSENT,
        "events": list(action.event_ids),
        "mode": action.mode,
        "marks": None
        if marks is None
        else {
            "fields": list(marks.fields),
            "skus": [list(sku) for sku in marks.skus],
            "target": marks.target,
            "given": list(marks.given),
        },
    }


def _actions(shop: Document | None, now: datetime) -> list[Action]:
    found: Sequence[Document] = () if shop is None else shop.get("actions") or ()
    return [_action(str(shop["_id"]), one, now) for one in found] if shop is not None else []


def _action(shop_key: str, one: Document, now: datetime) -> Action:
    state, code = _state(one, now)
    return Action(
        id=one["id"],
        shop_key=shop_key,
        kind=one["kind"],
        product_nos=None if one["products"] is None else tuple(one["products"]),
        count=one["count"],
        sent_at=one["sent_at"],
        state=state,
        code=code,
        reason=one.get("reason"),
        until=one.get("until"),
        progress=one.get("progress"),
        event_ids=tuple(one["events"]),
        marks=_marks(one.get("marks")),
        mode=one.get("mode"),
        refused=tuple((number, reason) for number, reason in one.get("refused") or ()),
        chosen=one.get("chosen"),
        failures={status: tuple(numbers) for status, numbers in (one.get("failures") or {}).items()},
        is_confirmed=one["state"] != _UNSENT,
    )


def _state(one: Document, now: datetime) -> tuple[ActionState, str | None]:
    """One that was stored and not marked as sent is being sent now; or the process ended, or Kafka did not answer."""
    if one["state"] != _UNSENT:
        return one["state"], one.get("code")
    return ("sent", None) if one["claimed_until"] > now else ("unknown", "not_sent")


def _marks(document: Document | None) -> EditMarks | None:
    if document is None:
        return None
    return EditMarks(
        tuple(document["fields"]),
        tuple((vertical, horizontal) for vertical, horizontal in document["skus"]),
        document["target"],
        tuple(document["given"]),
    )
