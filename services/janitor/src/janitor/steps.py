"""The steps of a sweep. Each reads the stored state, does something that may be repeated, and stores the next state."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from janitor import metrics
from janitor.catalog_view import CatalogView
from janitor.ids import delete_id, report_id
from janitor.model import Sweep
from janitor.pages import report_of
from janitor.proofs import Trouble
from janitor.reporting import log_end
from janitor.store import SweepStore
from janitor.verdicts import Found
from shopsync_contracts import Event, TopicSpec
from shopsync_contracts.events import DeleteRequested, ImportRequested
from shopsync_contracts.times import to_the_millisecond
from shopsync_contracts.topics import (
    DELETE_COMMANDS,
    IMPORT_COMMANDS,
    LISTING_EVENTS,
    PRODUCT_CHANGES,
    REPORTS,
    TOOL_EDITS,
)
from shopsync_runtime import EventPublisher, Lease, failpoint
from shopsync_runtime.chunks import batched
from shopsync_runtime.wording import no_settings

log = structlog.get_logger(__name__)

_CHUNK = 500
_COMMANDS_SHARE = 0.9
"""Share of the wait for verdicts in which the catalog may execute a command."""


class Passable(Protocol):
    """The part of the runtime's Barrier that is used here."""

    async def passed(self) -> bool:
        """Whether the group has handled everything before the barrier."""


MakeBarrier = Callable[[Sequence[TopicSpec]], Awaitable[Passable]]
"""A barrier of the catalog's consumer group over these topics, at their present ends."""


@dataclass(frozen=True, slots=True)
class StepOptions:
    """`enumeration_wait`: a shop of 1,000,000 products takes 4,000 requests, more than an hour at one per second."""

    settings_grace: timedelta = timedelta(seconds=10)
    enumeration_wait: timedelta = timedelta(hours=4)
    enumeration_retry: timedelta = timedelta(minutes=30)
    catalog_wait: timedelta = timedelta(minutes=30)
    verdict_wait: timedelta = timedelta(hours=1)
    proof_age: timedelta = timedelta(hours=2)
    max_candidates: int = 50_000


class Steps:
    """Takes one sweep as far as possible. Repeating a step only repeats messages with the same ids."""

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
        self._barriers: dict[tuple[str, str, int], Passable] = {}

    async def advance(self, sweep: Sweep, lease: Lease) -> bool:
        """Take one step. Returns False when the sweep must wait for another service; then call again later."""
        lease.check()
        state, attempt = sweep.state, sweep.attempt
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
        self._barriers.pop((sweep.id, state, attempt), None)
        log.info("sweep goes on", shop_key=sweep.shop_key, sweep_id=sweep.id, was=state, state=sweep.state)
        return True

    async def _ask_for_enumeration(self, sweep: Sweep) -> None:
        if not await self._catalog.has_settings(sweep.shop_key):
            if self._now() >= (sweep.not_before or sweep.requested_at) + self._options.settings_grace:
                sweep.refuse(no_settings(sweep.shop_key), self._now())
            return
        command = ImportRequested(shop_key=sweep.shop_key, mode="enumerate")
        event = self._events.event(command, id=sweep.enumeration_request_id)
        await self._events.publish(IMPORT_COMMANDS, event)
        sweep.state, sweep.deadline = "enumerating", self._now() + self._options.enumeration_wait

    async def _await_report(self, sweep: Sweep) -> None:
        report = await self._sweeps.report_for(sweep)
        if report is None:
            if self._is_over(sweep):
                reason = f"no enumeration within {self._options.enumeration_wait}"
                self._retry_or_refuse(sweep, Trouble(reason, passing=True))
        elif (trouble := sweep.apply_report(report)) is not None:
            self._retry_or_refuse(sweep, trouble)
        else:
            sweep.deadline = self._now() + self._options.catalog_wait

    async def _choose(self, sweep: Sweep) -> None:
        """Choose the candidates once the catalog has handled the removals and every edit sent before now."""
        if self._now() >= self._end_of_proof(sweep):
            reason = f"the enumeration is older than {self._options.proof_age}"
            self._retry_or_refuse(sweep, Trouble(reason, passing=True))
        elif await self._passed(sweep, [PRODUCT_CHANGES, TOOL_EDITS, LISTING_EVENTS]):
            async for product in self._catalog.removed(sweep.shop_key):
                sweep.classify(product, limit=self._options.max_candidates)
            sweep.end_classification(self._now())
            if sweep.left_over:
                log.warning("candidates left for the next sweep", shop_key=sweep.shop_key, count=sweep.left_over)
        elif self._is_over(sweep):
            reason = f"the catalog did not catch up within {self._options.catalog_wait}"
            self._retry_or_refuse(sweep, Trouble(reason, passing=True))

    def _retry_or_refuse(self, sweep: Sweep, trouble: Trouble) -> None:
        if sweep.retry_or_refuse(trouble, self._now(), self._options.enumeration_retry):
            metrics.RETRIES.labels(sweep.shop_key).inc()
            log.warning(
                "sweep tries again",
                shop_key=sweep.shop_key,
                sweep_id=sweep.id,
                reason=trouble.reason,
                attempt=sweep.attempt,
                at=sweep.not_before and sweep.not_before.isoformat(),
            )

    async def _command(self, sweep: Sweep, lease: Lease) -> None:
        if sweep.commands_until is None:
            await self._set_deadlines(sweep, lease)
        while sweep.commanded < len(sweep.candidates) and self._holds(sweep.commands_until):
            lease.check()
            chunk = sweep.candidates[sweep.commanded : sweep.commanded + _CHUNK]
            await self._events.publish_all([(DELETE_COMMANDS, self._delete(sweep, number)) for number in chunk])
            failpoint("sweep_commands_published")
            sweep.commanded += len(chunk)
            await self._sweeps.save_commanded(sweep, lease.token)
        # `commanded` is not used here: a crash may have come between a chunk and its count.
        if not sweep.candidates or await self._passed(sweep, [DELETE_COMMANDS]) or self._is_over(sweep):
            sweep.judge(await self._look_up(sweep), self._now())

    async def _set_deadlines(self, sweep: Sweep, lease: Lease) -> None:
        """Let commands expire before the sweep stops waiting for them, by more than clocks differ.

        Otherwise the catalog could still delete a product that the sweep has reported as kept.
        """
        wait = self._options.verdict_wait
        until = min(self._now() + wait * _COMMANDS_SHARE, self._end_of_proof(sweep))
        sweep.commands_until = to_the_millisecond(until)
        sweep.deadline = self._now() + wait
        await self._sweeps.save(sweep, lease.token)

    def _end_of_proof(self, sweep: Sweep) -> datetime:
        return sweep.proof().completed_at + self._options.proof_age

    def _delete(self, sweep: Sweep, product_no: str) -> Event[DeleteRequested]:
        body = DeleteRequested(
            shop_key=sweep.shop_key,
            product_no=product_no,
            sweep_id=sweep.id,
            enumeration=sweep.proof(),
            not_after=sweep.commands_until,
        )
        return self._events.event(body, id=delete_id(sweep.id, product_no))

    async def _look_up(self, sweep: Sweep) -> dict[str, Found]:
        found: dict[str, Found] = {}
        for some in batched(sweep.candidates, _CHUNK):
            found |= await self._catalog.look_up(sweep.shop_key, some)
        return found

    async def _report(self, sweep: Sweep) -> None:
        pages = enumerate(report_of(sweep), start=1)
        await self._events.publish_all(
            [(REPORTS, self._events.event(page, id=report_id(sweep.id, number))) for number, page in pages]
        )
        sweep.state = "done"
        log_end(sweep)

    async def _passed(self, sweep: Sweep, specs: Sequence[TopicSpec]) -> bool:
        """Whether the catalog has handled everything on these topics since before this step was first attempted.

        After a crash a new barrier is taken at later ends, so the wait can only become longer.
        """
        key = (sweep.id, sweep.state, sweep.attempt)
        barrier = self._barriers.get(key)
        if barrier is None:
            barrier = self._barriers[key] = await self._make_barrier(specs)
        return await barrier.passed()

    def _holds(self, until: datetime | None) -> bool:
        return until is not None and self._now() < until

    def _is_over(self, sweep: Sweep) -> bool:
        return sweep.deadline is not None and self._now() >= sweep.deadline

    def _now(self) -> datetime:
        return to_the_millisecond(self._clock())
