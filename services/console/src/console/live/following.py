"""Follows every open action to its end, and stores what became of it. Each process does; they come to the same."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice

import structlog

from console.live.hub import Hub
from console.live.knowledge import Knowledge, Pushed
from console.live.rules import (
    GIVEN_UP_AFTER,
    Stored,
    Verdicts,
    bulk_now,
    bulk_verdicts,
    confirmed,
    edit_now,
    ended,
    import_now,
    refused,
    reviewed_now,
    standing,
    sync_counts,
    sync_now,
    too_old,
)
from console.live.situation import Situation
from console.model import Action
from console.store import ActionStore, BulkReports
from shopsync_readmodel.stored.effects import EditMarks

log = structlog.get_logger(__name__)

_APART_SECONDS = 0.3
_WHILE_OPEN_SECONDS = 1.0
_IDLE_SECONDS = 3.0
_SETTLED_SECONDS = 3.0
_SLOW_SECONDS = 5.0
"""Reviews take long: they are not asked for with every round."""
_LOOKED_AT = 2_000
"""Products of a bulk edit or a sync in one round: those of other actions are not to wait for a hundred thousand."""
_QUIET_SECONDS = 60.0
"""Commands have reached the publisher's inbox by then: a shop without any push to do has nothing left."""


class Follower:
    """Runs beside the pages. Woken by every action that is sent, and by what the services say."""

    def __init__(
        self,
        store: ActionStore,
        situation: Situation,
        hub: Hub,
        *,
        reports: BulkReports,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._reports = reports
        self._situation = situation
        self.known = Knowledge()
        self._hub = hub
        self._clock = clock
        self._news = asyncio.Event()
        self._applied: dict[str, set[str]] = {}
        self._verdicts: dict[str, tuple[int, Verdicts]] = {}
        self._stored: dict[str, set[str]] = {}
        self._later_since: dict[str, float] = {}
        self._next_look: dict[str, float] = {}
        self._quiet_since: dict[str, float] = {}
        self._seen: dict[str, Action] = {}
        self.shops: frozenset[str] = frozenset()

    def wake(self) -> None:
        """Something happened that may end an action."""
        self._news.set()

    async def needs(self, now: datetime) -> tuple[datetime, datetime]:
        """From when on reports and dead letters are needed, and results of pushes; now where nothing is open.

        A sync whose products are in review, which may be for days, needs none of them.
        """
        found = [one for one in await self._open(now) if one.code != "review"]
        since = min((one.sent_at for one in found), default=now)
        return since, min((one.sent_at for one in found if one.kind == "sync"), default=now)

    async def _open(self, now: datetime) -> list[Action]:
        return await self._store.all_open(now, now - GIVEN_UP_AFTER)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            is_busy = await self.round()
            with suppress(TimeoutError):
                async with asyncio.timeout(_WHILE_OPEN_SECONDS if is_busy else _IDLE_SECONDS):
                    await self._news.wait()
            self._news.clear()
            await asyncio.sleep(_APART_SECONDS)

    async def round(self) -> bool:
        """Look at every open action once. Whether there are any."""
        now = self._clock()
        found = await self._open(now)
        self.shops = frozenset(one.shop_key for one in found)
        self._forget(found)
        await self._tell_of_others(found)
        for before, found_now in [*await self._edits(found), *await self._others(found)]:
            after = confirmed(before, found_now)
            if now - before.sent_at > GIVEN_UP_AFTER and after.is_open:
                after = too_old(after)
            if after != before and await self._store.note(after):
                self._tell(after)
                del self._seen[after.id]
                if not after.is_open:
                    log.info(
                        "action ended", shop_key=after.shop_key, action_id=after.id, kind=after.kind, state=after.state
                    )
        return any(one.is_open for one in found)

    async def _tell_of_others(self, found: Sequence[Action]) -> None:
        """What another replica has stored meanwhile: it told its own pages, and these here know nothing of it."""
        before, self._seen = self._seen, {one.id: one for one in found}
        for one in found:
            if before.get(one.id, one) != one:
                self._tell(one)
        for gone in (one for one in before.values() if one.id not in self._seen):
            if (ended_there := await self._store.get(gone.shop_key, gone.id, self._clock())) is not None:
                self._tell(ended_there)

    def _forget(self, found: Sequence[Action]) -> None:
        now = asyncio.get_running_loop().time()
        requests = {(one.shop_key, event_id) for one in found for event_id in one.event_ids}
        self.known.forget(requests, {one.shop_key for one in found if one.kind == "sync" and one.code != "review"}, now)
        ids = {one.id for one in found}
        memories = (
            self._applied,
            self._verdicts,
            self._stored,
            self._later_since,
            self._next_look,
            self._quiet_since,
        )
        for memory in memories:
            for gone in memory.keys() - ids:
                del memory[gone]

    def _tell(self, action: Action) -> None:
        self._hub.tell(action.shop_key, "action", action.id)
        if action.kind in {"import", "sync"}:
            self._hub.tell(action.shop_key, "run", action.id)
        for number in () if action.is_open else action.product_nos or ():
            self._hub.tell(action.shop_key, "product", number)

    # One product --------------------------------------------------------------------------------------------

    async def _edits(self, found: Iterable[Action]) -> list[tuple[Action, Action]]:
        edits = [one for one in found if one.kind in {"edit", "switch"} and one.product_nos]
        products = await self._situation.products(
            {(one.shop_key, number): one.sent_at for one in edits for number in one.product_nos or ()}
        )
        return [(one, self._edit(one, products[(one.shop_key, (one.product_nos or ("",))[0])])) for one in edits]

    def _edit(self, action: Action, product: Stored) -> Action:
        letter = self.known.letter(action.shop_key, action.id)
        return edit_now(action, product, letter, settled=self._is_settled(action, product))

    def _is_settled(self, action: Action, product: Stored) -> bool:
        """Whether a later time has stood there for long enough that a dead letter would have come."""
        if standing(action.marks or EditMarks(), action.sent_at, product, settled=True) != "later":
            return False
        now = asyncio.get_running_loop().time()
        return now - self._later_since.setdefault(action.id, now) >= _SETTLED_SECONDS

    # Everything else ----------------------------------------------------------------------------------------

    async def _others(self, found: Iterable[Action]) -> list[tuple[Action, Action]]:
        return [(one, await self._other(one)) for one in found if one.kind not in {"edit", "switch"}]

    async def _other(self, action: Action) -> Action:
        letters = [self.known.letter(action.shop_key, event_id) for event_id in action.event_ids]
        if (letter := next(filter(None, letters), None)) is not None:
            return refused(action, letter)
        if action.kind == "import":
            return import_now(action, self.known.reports(action.shop_key, action.id))
        if action.kind == "settings":
            is_stored = await self._situation.has_settings(
                action.shop_key, action.sent_at, or_later=action.is_confirmed
            )
            return ended(action, "done" if is_stored else "applying")
        return await (self._bulk(action) if action.kind == "bulk_edit" else self._sync(action))

    async def _bulk(self, action: Action) -> Action:
        verdicts = self._bulk_verdicts(action)
        if verdicts is None:
            is_held = action.state == "waiting" or await self._situation.is_held(action.shop_key, action.event_ids)
            return ended(action, "waiting", "held") if is_held else ended(action, "applying")
        accepted, refusals = verdicts
        applied = self._applied.setdefault(action.id, set())
        left = list(islice((number for number in accepted if number not in applied), _LOOKED_AT))
        applied |= await self._situation.carrying(action.shop_key, left, action.marks or EditMarks(), action.sent_at)
        done = len(applied & accepted.keys())
        after = bulk_now(action, done, len(accepted) - done, refusals)
        if not after.is_open:
            await self._reports.keep(after, list(accepted), self._clock())
        return after

    def _bulk_verdicts(self, action: Action) -> Verdicts | None:
        """Made again only when a dead letter has come: for 100,000 products it takes a second of the processor."""
        letters = self.known.letters_seen(action.shop_key)
        known = self._verdicts.get(action.id)
        if known is not None and known[0] == letters:
            return known[1]
        verdicts = bulk_verdicts(action, self.known)
        if verdicts is not None:
            self._verdicts[action.id] = (letters, verdicts)
        return verdicts

    async def _sync(self, action: Action) -> Action:
        now = asyncio.get_running_loop().time()
        if now < self._next_look.get(action.id, now):
            return action
        if action.code == "review":
            after = reviewed_now(action, await self._situation.statuses(action.shop_key, _numbers(action)))
        else:
            after = await self._pushed(action, now)
        if after.code == "review":
            self._next_look[action.id] = now + _SLOW_SECONDS
        return after

    async def _pushed(self, action: Action, now: float) -> Action:
        counts = sync_counts(action, self.known)
        if counts is None:
            return ended(action, "applying")
        if isinstance(counts, str):
            return ended(action, "refused", "refused_sync", counts)
        chosen, began = counts
        pushes = self.known.pushes(action.shop_key, began)
        if (numbers := _numbers(action)) is not None:
            pushes = {number: one for number, one in pushes.items() if number in set(numbers)}
        is_quiet = await self._is_quiet(action, chosen.commanded - len(pushes), now)
        return sync_now(
            action,
            chosen,
            pushes,
            await self._statuses(action, pushes),
            hold_up=await self._situation.hold_up(action.shop_key, self._clock()),
            nothing_left=is_quiet,
        )

    async def _are_stored(self, action: Action, pushes: Mapping[str, Pushed]) -> bool:
        """Whether the catalog has taken these results, or refused them. Each is looked for until it is found."""
        stored = self._stored.setdefault(action.id, set())
        results = {
            number: one.result
            for number, one in pushes.items()
            if one.result is not None and one.result.event_id not in stored
        }
        some = dict(islice(results.items(), _LOOKED_AT))
        found = await self._situation.taken(action.shop_key, some)
        found |= {
            number for number, one in some.items() if self.known.letter(action.shop_key, one.event_id) is not None
        }
        stored |= {results[number].event_id for number in found}
        return len(found) == len(results)

    async def _is_quiet(self, action: Action, left: int, now: float) -> bool:
        """Whether results are missing although the publisher has had nothing to do for this shop for a while."""
        if left <= 0:
            return False
        if await self._situation.has_pushes(action.shop_key):
            self._quiet_since.pop(action.id, None)
            return False
        return now - self._quiet_since.setdefault(action.id, now) >= _QUIET_SECONDS

    async def _statuses(self, action: Action, pushes: Mapping[str, Pushed]) -> dict[str, int] | None:
        """None: those that are stored may be older than these results."""
        if not pushes:
            return {}
        if not await self._are_stored(action, pushes):
            return None
        return await self._situation.statuses(action.shop_key, None if _numbers(action) is None else list(pushes))


def _numbers(action: Action) -> Sequence[str] | None:
    """The products of a sync; None where they are not kept, or are all of the shop."""
    return None if action.more else action.product_nos
