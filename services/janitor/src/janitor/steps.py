"""A sweep's steps: each reads the stored state, does one thing that may be repeated, and stores the next state."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from janitor import metrics
from janitor.ids import delete_id, enumerate_id, report_id
from janitor.store import CatalogView, SweepStore
from janitor.sweep import Found, Sweep, to_the_millisecond
from shopsync_contracts import Event, TopicSpec
from shopsync_contracts.events import DeleteRequested, ImportRequested
from shopsync_contracts.topics import (
    DELETE_COMMANDS,
    IMPORT_COMMANDS,
    LISTING_EVENTS,
    PRODUCT_CHANGES,
    REPORTS,
    TOOL_EDITS,
)
from shopsync_runtime import EventPublisher, Lease, failpoint

log = structlog.get_logger(__name__)

_CHUNK = 500


class Passable(Protocol):
    """The runtime's Barrier, as far as it is needed here."""

    async def passed(self) -> bool:
        """Whether the group has handled everything before the barrier."""


MakeBarrier = Callable[[Sequence[TopicSpec]], Awaitable[Passable]]
"""A barrier of the catalog's consumer group over these topics, at their present ends."""


@dataclass(frozen=True, slots=True)
class StepOptions:
    """`enumeration_wait`: a shop of 1,000,000 products takes 4,000 requests, more than an hour at one per second."""

    settings_grace: timedelta = timedelta(seconds=10)
    enumeration_wait: timedelta = timedelta(hours=4)
    catalog_wait: timedelta = timedelta(minutes=30)
    verdict_wait: timedelta = timedelta(minutes=10)
    max_candidates: int = 50_000


class Steps:
    """Drives one sweep as far as it can go now. Repeating a step repeats messages with the same ids, nothing else."""

    def __init__(
        self,
        sweeps: SweepStore,
        catalog: CatalogView,
        events: EventPublisher,
        barrier: MakeBarrier,
        *,
        options: StepOptions,
        clock: Callable[[], datetime],
    ) -> None:
        self._sweeps = sweeps
        self._catalog = catalog
        self._events = events
        self._make_barrier = barrier
        self._options = options
        self._clock = clock
        self._barriers: dict[tuple[str, str], Passable] = {}

    async def advance(self, sweep: Sweep, lease: Lease) -> bool:
        """One step. False when the sweep has to wait for somebody else; then call again later."""
        lease.check()
        state = sweep.state
        match state:
            case "requested":
                await self._ask_for_enumeration(sweep)
            case "enumerating":
                await self._await_report(sweep)
            case "proven":
                await self._choose(sweep)
            case "commanded":
                await self._command(sweep, lease)
            case "judged" | "refused":
                await self._report(sweep)
            case "done":
                return False
        if sweep.state == state:
            return False
        failpoint(f"sweep_{state}_done")
        await self._sweeps.save(sweep, lease.token)
        self._barriers.pop((sweep.id, state), None)
        log.info("sweep goes on", shop_key=sweep.shop_key, sweep_id=sweep.id, was=state, state=sweep.state)
        return True

    async def _ask_for_enumeration(self, sweep: Sweep) -> None:
        if not await self._catalog.has_settings(sweep.shop_key):
            if self._now() >= sweep.requested_at + self._options.settings_grace:
                sweep.refuse(f"shop {sweep.shop_key!r} has no settings; publish shop.settings_changed", self._now())
            return
        command = ImportRequested(shop_key=sweep.shop_key, mode="enumerate")
        await self._events.publish(IMPORT_COMMANDS, self._events.event(command, id=enumerate_id(sweep.id)))
        sweep.state, sweep.deadline = "enumerating", self._now() + self._options.enumeration_wait

    async def _await_report(self, sweep: Sweep) -> None:
        report = await self._sweeps.report_for(sweep.id)
        if report is not None:
            sweep.hear(report, self._now())
            sweep.deadline = self._now() + self._options.catalog_wait
        elif self._is_over(sweep):
            sweep.refuse(f"no enumeration within {self._options.enumeration_wait}", self._now())

    async def _choose(self, sweep: Sweep) -> None:
        """Look only once the catalog has handled the removals, and every edit that was sent before now."""
        if await self._passed(sweep, [PRODUCT_CHANGES, TOOL_EDITS, LISTING_EVENTS]):
            removed = [product async for product in self._catalog.removed(sweep.shop_key)]
            sweep.choose(removed, limit=self._options.max_candidates)
            sweep.deadline = None
            if sweep.left_over:
                log.warning("candidates left for the next sweep", shop_key=sweep.shop_key, count=sweep.left_over)
        elif self._is_over(sweep):
            sweep.refuse(f"the catalog did not catch up within {self._options.catalog_wait}", self._now())

    async def _command(self, sweep: Sweep, lease: Lease) -> None:
        while sweep.commanded < len(sweep.candidates):
            lease.check()
            chunk = sweep.candidates[sweep.commanded : sweep.commanded + _CHUNK]
            await self._events.publish_all([(DELETE_COMMANDS, self._delete(sweep, number)) for number in chunk])
            failpoint("sweep_commands_published")
            sweep.commanded += len(chunk)
            await self._sweeps.save(sweep, lease.token)
        if sweep.deadline is None:
            sweep.deadline = self._now() + self._options.verdict_wait
            await self._sweeps.save(sweep, lease.token)
        if not sweep.candidates or await self._passed(sweep, [DELETE_COMMANDS]) or self._is_over(sweep):
            sweep.judge(await self._look_up(sweep), self._now())

    def _delete(self, sweep: Sweep, product_no: str) -> Event[DeleteRequested]:
        body = DeleteRequested(
            shop_key=sweep.shop_key, product_no=product_no, sweep_id=sweep.id, enumeration=sweep.proof()
        )
        return self._events.event(body, id=delete_id(sweep.id, product_no))

    async def _look_up(self, sweep: Sweep) -> dict[str, Found]:
        found: dict[str, Found] = {}
        for start in range(0, len(sweep.candidates), _CHUNK):
            found |= await self._catalog.look_up(sweep.shop_key, sweep.candidates[start : start + _CHUNK])
        return found

    async def _report(self, sweep: Sweep) -> None:
        for number, page in enumerate(sweep.reports(), start=1):
            await self._events.publish(REPORTS, self._events.event(page, id=report_id(sweep.id, number)))
        outcome = sweep.state
        sweep.state = "done"
        metrics.SWEEPS.labels(sweep.shop_key, outcome).inc()
        for verdict in sweep.verdicts.values():
            metrics.VERDICTS.labels(sweep.shop_key, verdict).inc()
        tell = log.error if sweep.refused_because else log.info
        tell(
            "sweep ended",
            shop_key=sweep.shop_key,
            sweep_id=sweep.id,
            refused_because=sweep.refused_because,
            **sweep.counts().model_dump(),
        )
        if sweep.completed_at is not None:
            metrics.SECONDS.observe((sweep.completed_at - sweep.requested_at).total_seconds())

    async def _passed(self, sweep: Sweep, specs: Sequence[TopicSpec]) -> bool:
        """Whether the catalog has handled what these topics held when this step was first tried.

        After a crash the barrier is taken anew, at later ends: a longer wait, never a shorter one.
        """
        key = (sweep.id, sweep.state)
        barrier = self._barriers.get(key)
        if barrier is None:
            barrier = self._barriers[key] = await self._make_barrier(specs)
        return await barrier.passed()

    def _is_over(self, sweep: Sweep) -> bool:
        return sweep.deadline is not None and self._now() >= sweep.deadline

    def _now(self) -> datetime:
        return to_the_millisecond(self._clock())
