from collections.abc import Sequence
from functools import partial
from zoneinfo import ZoneInfo

from janitor.clock import NightlyClock, Schedule
from janitor.handlers import Handlers
from janitor.settings import JanitorSettings
from janitor.steps import StepOptions, Steps
from janitor.store import CatalogView, SweepStore
from janitor.worker import Worker
from shopsync_contracts import TopicSpec
from shopsync_contracts.topics import REPORTS, SWEEP_COMMANDS
from shopsync_runtime import Barrier, Runtime, consumer_group, each


def build(runtime: Runtime, settings: JanitorSettings) -> None:
    """Wire the janitor."""
    sweeps, catalog = SweepStore(runtime.database), CatalogView(runtime.database)
    options = StepOptions(
        settings_grace=settings.settings_grace,
        enumeration_wait=settings.enumeration_wait,
        catalog_wait=settings.catalog_wait,
        verdict_wait=settings.verdict_wait,
        max_candidates=settings.max_candidates,
    )
    barrier = partial(catalog_barrier, runtime)
    steps = Steps(sweeps, catalog, runtime.events, barrier, options=options, clock=runtime.clock)
    worker = Worker(sweeps, runtime.leases, steps, lease=settings.lease, poll=settings.poll)
    handlers = Handlers(sweeps, worker.wake, clock=runtime.clock)
    schedule = Schedule(settings.nightly_cron, ZoneInfo(settings.nightly_zone), settings.nightly_catch_up)
    nightly = NightlyClock(schedule, sweeps, catalog, runtime.leases, runtime.events, clock=runtime.clock)

    runtime.on_start(sweeps.ensure_indexes)
    runtime.consume("commands", [SWEEP_COMMANDS], each(handlers.command))
    runtime.consume("reports", [REPORTS], each(handlers.report))
    runtime.background("worker", worker.run)
    if settings.nightly_enabled:
        runtime.background("nightly", nightly.run)


async def catalog_barrier(runtime: Runtime, specs: Sequence[TopicSpec]) -> Barrier:
    """A barrier of the catalog's product subscription over these topics."""
    return await runtime.lag_barrier(consumer_group(runtime.common.topic_prefix, "catalog", "products"), specs)
