from collections.abc import Sequence
from functools import partial
from zoneinfo import ZoneInfo

from janitor.catalog_view import CatalogView
from janitor.clock import NightlyClock, Schedule
from janitor.handlers import Handlers, Night
from janitor.jobs import SweepJobs
from janitor.nights import Nights
from janitor.settings import JanitorSettings
from janitor.steps import StepOptions, Steps
from janitor.store import SweepStore
from shopsync_contracts import TopicSpec
from shopsync_contracts.events import (
    DeleteRequested,
    ImportRequested,
    SweepCompleted,
    SweepRequested,
)
from shopsync_contracts.topics import REPORTS, SWEEP_COMMANDS
from shopsync_runtime import Barrier, Runtime, consumer_group, each
from shopsync_runtime.jobs import ShopWorker, WorkerOptions


def build(runtime: Runtime, settings: JanitorSettings) -> None:
    """Create the parts of the service and register them with the runtime."""
    sweeps = SweepStore(runtime.database, keep=settings.sweeps_keep)
    catalog = CatalogView(runtime.database)
    options = StepOptions(
        settings_grace=settings.settings_grace,
        enumeration_wait=settings.enumeration_wait,
        enumeration_retry=settings.enumeration_retry,
        catalog_wait=settings.catalog_wait,
        verdict_wait=settings.verdict_wait,
        proof_age=settings.proof_age,
        max_candidates=settings.max_candidates,
    )
    barrier = partial(catalog_barrier, runtime)
    steps = Steps(sweeps, catalog, runtime.events, barrier, options=options, clock=runtime.clock)
    working = WorkerOptions(lease=settings.lease, poll=settings.poll, shops_at_once=settings.shops_at_once)
    jobs = SweepJobs(sweeps, steps, poll=settings.poll, clock=runtime.clock)
    worker = ShopWorker("sweep", jobs, runtime.leases, working)
    night = Night(length=settings.nightly_catch_up, spread=settings.nightly_spread)
    handlers = Handlers(sweeps, worker.wake, night, clock=runtime.clock)

    runtime.publishes(
        DeleteRequested,
        ImportRequested,
        SweepRequested,
        SweepCompleted,
    )
    runtime.on_start(sweeps.ensure_indexes)
    runtime.consume("commands", [SWEEP_COMMANDS], each(handlers.command))
    runtime.consume("reports", [REPORTS], each(handlers.report))
    runtime.background("worker", worker.run)
    if settings.nightly_enabled:
        schedule = Schedule(settings.nightly_cron, ZoneInfo(settings.nightly_zone), settings.nightly_catch_up)
        clock = NightlyClock(schedule, sweeps, catalog, runtime.leases, runtime.events, clock=runtime.clock)
        nights = Nights(
            schedule, sweeps, catalog, runtime.leases, nights=settings.nights_until_alert, clock=runtime.clock
        )
        runtime.background("nightly", clock.run)
        runtime.background("nights", nights.run)


async def catalog_barrier(runtime: Runtime, specs: Sequence[TopicSpec]) -> Barrier:
    """A barrier of the catalog's product subscription over these topics."""
    return await runtime.lag_barrier(consumer_group(runtime.common.topic_prefix, "catalog", "products"), specs)
