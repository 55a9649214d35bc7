"""What the services said: reports, dead letters and results of pushes, as far as open actions need them."""

import json
from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from shopsync_contracts import Event, ShopBody
from shopsync_contracts.events import PushFailed, PushSkipped, PushSucceeded
from shopsync_contracts.events.listing import PushFailureStatus, SkipReason
from shopsync_contracts.limits import MAX_ID
from shopsync_readmodel.stored.push_results import PushResult
from shopsync_runtime import deadletters as names

Request = tuple[str, str]
"""Shop and id of the event that asked."""

_MOST_LETTERS = 20_000
_KEPT_SECONDS = 300.0
"""What belongs to no open action is kept for so long: another process may have taken the action a moment ago."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: the event was refused."""

    error_type: str
    error: str


PushOutcome = Literal["sent", "unchanged", "skipped", "retrying"] | PushFailureStatus
_SKIPPED_INTO: Mapping[SkipReason, PushOutcome] = {"incomplete": "incomplete", "not_authorized": "sync_error"}
"""Reasons of a push that was left out which are a 状態 of the product; the others leave it as it is."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """The last result of a product's push. `retrying`: it failed and is tried again by itself; else where it ended.

    `unchanged`: TikTok Shop has this content already. `result`: what the catalog takes into the product; None: nothing.
    `came_at`: when this process read it, by the clock of its event loop.
    """

    at: datetime
    kind: PushOutcome
    came_at: float
    result: PushResult | None = None


@dataclass(slots=True)
class _Reports:
    came_at: float
    bodies: list[ShopBody] = field(default_factory=list)


class Knowledge:
    """Nothing in it is needed for good: a process that starts reads it again, from before the oldest open action."""

    def __init__(self) -> None:
        self._reports: dict[Request, _Reports] = {}
        self._letters: OrderedDict[Request, Letter] = OrderedDict()
        self._letters_seen: Counter[str] = Counter()
        self._pushes: dict[str, OrderedDict[str, Pushed]] = {}

    # Taking -------------------------------------------------------------------------------------------------

    def take_report(self, body: ShopBody, now: float) -> str | None:
        """The id of the request that it answers, if it answers one."""
        request_id = getattr(body, "request_id", None)
        if request_id is not None:
            known = self._reports.setdefault((body.shop_key, request_id), _Reports(now))
            known.bodies.append(body)
        return request_id

    def take_letter(self, shop_key: str, event_id: str, letter: Letter) -> None:
        """The newest are kept: there are few."""
        self._letters[(shop_key, event_id)] = letter
        self._letters_seen[shop_key] += 1
        if len(self._letters) > _MOST_LETTERS:
            self._letters.popitem(last=False)

    def take_push(self, event: Event[Any], now: float) -> None:
        """The result of a push; other events of listings are none."""
        body = event.data
        kind: PushOutcome
        result: PushResult | None
        match body:
            case PushSucceeded():
                kind = "unchanged" if body.action == "unchanged" else "sent"
                result = PushResult(event.id, event.time, "succeeded", body.content_version)
            case PushFailed():
                kind = body.status if body.will_retry_at is None else "retrying"
                result = PushResult(event.id, event.time, "failed", body.content_version)
            case PushSkipped():
                kind = _SKIPPED_INTO.get(body.why, "skipped")
                result = PushResult(event.id, event.time, "skipped") if body.why == "not_authorized" else None
            case _:
                return
        results = self._pushes.setdefault(body.shop_key, OrderedDict())
        results[body.product_no] = Pushed(event.time, kind, now, result)
        results.move_to_end(body.product_no)

    # Asking -------------------------------------------------------------------------------------------------

    def reports(self, shop_key: str, request_id: str) -> list[ShopBody]:
        """What was reported about this request, in order."""
        known = self._reports.get((shop_key, request_id))
        return [] if known is None else known.bodies

    def letter(self, shop_key: str, event_id: str) -> Letter | None:
        """Why this event was refused."""
        return self._letters.get((shop_key, event_id))

    def letters_seen(self, shop_key: str) -> int:
        """How many have come of this shop: while none comes, what follows from them stays the same."""
        return self._letters_seen[shop_key]

    def pushes(self, shop_key: str, since: datetime) -> dict[str, Pushed]:
        """The last result of each product that was pushed since then."""
        return {no: one for no, one in self._pushes.get(shop_key, {}).items() if one.at >= since}

    def forget(self, still_open: Collection[Request], syncing: Collection[str], now: float) -> None:
        """Drop what no open action needs. `syncing`: shops with an open sync."""
        self._reports = {
            key: one for key, one in self._reports.items() if key in still_open or now - one.came_at < _KEPT_SECONDS
        }
        for shop in self._pushes.keys() - set(syncing):
            results = self._pushes[shop]
            while results and now - next(iter(results.values())).came_at > _KEPT_SECONDS:
                results.popitem(last=False)
            if not results:
                del self._pushes[shop]


def letter_of(value: bytes | None, headers: Mapping[str, str]) -> tuple[str, Letter] | None:
    """The event's id and why it was refused; None when the value does not say which event it was.

    A longer id than any event may have is nobody's: it would only be kept in memory.
    """
    try:
        document: Any = json.loads(value or b"")
    except (ValueError, RecursionError):
        return None
    event_id = document.get("id") if isinstance(document, dict) else None
    if not isinstance(event_id, str) or len(event_id) > MAX_ID or names.X_TOPIC not in headers:
        return None
    return event_id, Letter(headers.get(names.X_ERROR_TYPE, ""), headers.get(names.X_ERROR, ""))
