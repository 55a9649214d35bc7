"""Applies held messages or turns them into dead letters, once everything published before them is applied."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog

from catalog.bulk_edits import BulkEdits
from catalog.errors import CatalogRefusal
from catalog.product_updater import ProductUpdater
from catalog.store.held_messages import HeldMessage, HeldMessages, UnreadableMessage
from shopsync_contracts.events import ProductsBulkEdited
from shopsync_runtime import Barrier, Leases
from shopsync_runtime.deadletters import DeadLetter
from shopsync_runtime.waiting import comes_true

log = structlog.get_logger(__name__)

PublishLetters = Callable[[Sequence[DeadLetter]], Awaitable[None]]

_AT_ONCE = 500
_LEASE = timedelta(seconds=30)
_BARRIER_SECONDS = 15.0


class HeldMessageResolver:
    """A background task that runs in one replica at a time."""

    def __init__(
        self,
        held: HeldMessages,
        updater: ProductUpdater,
        bulk_edits: BulkEdits,
        *,
        barrier: Callable[[], Awaitable[Barrier]],
        publish_letters: PublishLetters,
        leases: Leases,
    ) -> None:
        self._held = held
        self._updater = updater
        self._bulk_edits = bulk_edits
        self._take_barrier = barrier
        self._publish_letters = publish_letters
        self._leases = leases

    async def run(self, interval: timedelta) -> None:
        """Resolve held messages every `interval`, indefinitely."""
        while True:
            if await self._held.oldest(1):
                async with self._leases.hold("held-messages", _LEASE) as lease:
                    if lease is not None:
                        await self.look()
            await asyncio.sleep(interval.total_seconds())

    async def look(self) -> None:
        """Resolve what is held now, unless earlier messages are not applied within a bounded time."""
        found = await self._held.oldest(_AT_ONCE)
        barrier = await self._take_barrier()
        if not found or not await comes_true(barrier.passed, _BARRIER_SECONDS):
            return
        held = [one for one in found if isinstance(one, HeldMessage)]
        unreadable = [one for one in found if isinstance(one, UnreadableMessage)]
        bulk = [one for one in held if isinstance(one.message.event.data, ProductsBulkEdited)]
        single = [one for one in held if one not in bulk]
        failed = await self._apply(single)
        for one in bulk:
            failed += await self._fan_out(one)
        if failed or unreadable:
            letters = [one.dead_letter(error) for one, error in failed]
            await self._publish_letters([*letters, *(one.letter for one in unreadable)])
            await self._updater.remember_refused([one.message for one, _ in failed if one in single])
        for each in unreadable:
            log.warning("held message refused by the contract of today", held=each.id, reason=str(each.letter.error))
        for one, error in failed:
            body = one.message.event.data
            log.warning("message refused", shop_key=body.shop_key, event_id=one.message.event.id, reason=str(error))
        await self._held.release([one.id for one in found])

    async def _apply(self, single: Sequence[HeldMessage]) -> list[tuple[HeldMessage, CatalogRefusal]]:
        by_place = {one.message.place: one for one in single}
        applied = await self._updater.apply([one.message for one in single])
        return [(by_place[message.place], error) for message, error in (*applied.refused, *applied.waiting)]

    async def _fan_out(self, one: HeldMessage) -> list[tuple[HeldMessage, CatalogRefusal]]:
        try:
            await self._bulk_edits.publish(one.delivery, final=True)
            await self._bulk_edits.mark_done([one.delivery])
        except CatalogRefusal as error:
            return [(one, error)]
        return []
