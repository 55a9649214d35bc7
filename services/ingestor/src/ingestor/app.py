from ingestor.futureshop.client import FutureshopClient, Policy
from ingestor.futureshop.outbound import http_client
from ingestor.futureshop.pace import SharedTurns
from ingestor.futureshop.shop_directory import ShopDirectory
from ingestor.futureshop.shops import ShopsFile, load_mapping
from ingestor.handlers import Handlers
from ingestor.importing.absences import Absences
from ingestor.importing.enumeration import ShrinkLimit
from ingestor.importing.import_schedule import CronTimes, ImportSchedule
from ingestor.importing.importer import Importer, Steps
from ingestor.importing.jobs import ImportJobs
from ingestor.importing.listing_reader import ListingFormat, ListingReader
from ingestor.importing.planning import Planner
from ingestor.importing.presence_cleanup import PresenceCleanup
from ingestor.importing.progress import Progress
from ingestor.importing.reporting import Reporting
from ingestor.settings import IngestorSettings
from ingestor.store import CheckpointStore, ImportStore, PresenceStore
from ingestor.windows import WindowRules
from shopsync_contracts.events import (
    ImportCompleted,
    ImportFailed,
    ImportProgress,
    ImportRequested,
    ProductChanged,
    ProductRemoved,
    SyncRequested,
)
from shopsync_contracts.topics import IMPORT_COMMANDS
from shopsync_runtime import Runtime, each
from shopsync_runtime.jobs import ShopWorker, WorkerOptions


def build(runtime: Runtime, settings: IngestorSettings) -> None:
    """Create the parts of the service and register them. Raises SettingsError for a bad shops or mapping file."""
    imports = ImportStore(runtime.database, keep=settings.imports_keep)
    checkpoints, presence = CheckpointStore(runtime.database), PresenceStore(runtime.database)
    table = load_mapping(settings.mapping_file)
    http = http_client(runtime.common, timeout=settings.request_timeout)
    policy = policy_of(settings)
    turns = SharedTurns(runtime.database)
    shops = ShopDirectory(
        ShopsFile(settings.shops_file),
        lambda access: FutureshopClient(access, http, policy, turns=turns).page,
        every=settings.shops_file_every,
    )
    progress = Progress(runtime.events, every=settings.progress_every, clock=runtime.clock)
    reader = ListingReader(
        imports,
        presence,
        runtime.events,
        ListingFormat(table, settings.page_size),
        clock=runtime.clock,
        on_page=progress.page,
    )
    limit = ShrinkLimit(settings.shrink_limit_products, settings.shrink_limit_percent)
    absences = Absences(imports, presence, runtime.events, table, limit=limit, clock=runtime.clock)
    rules = WindowRules(settings.changed_overlap, settings.full_read_every)
    steps = Steps(
        Planner(imports, presence, checkpoints, rules=rules, clock=runtime.clock),
        reader,
        absences,
        PresenceCleanup(presence, keep=settings.presence_keep),
        Reporting(imports, checkpoints, runtime.events),
    )
    importer = Importer(imports, steps, progress, clock=runtime.clock)
    jobs = ImportJobs(imports, importer, shops, settings_grace=settings.settings_grace, clock=runtime.clock)
    options = WorkerOptions(lease=settings.lease, poll=settings.poll, shops_at_once=settings.shops_at_once)
    worker = ShopWorker("import", jobs, runtime.leases, options)
    handlers = Handlers(imports, worker.wake, clock=runtime.clock)

    runtime.publishes(
        ProductChanged,
        ProductRemoved,
        ImportRequested,
        ImportProgress,
        ImportCompleted,
        ImportFailed,
        SyncRequested,
    )
    runtime.on_start(imports.ensure_indexes)
    runtime.consume("commands", [IMPORT_COMMANDS], each(handlers.command))
    runtime.background("worker", worker.run)
    runtime.background("shops-file", shops.run)
    runtime.note("shops file", shops.note)
    if settings.import_cron is not None:
        schedule = ImportSchedule(
            CronTimes(settings.import_cron, settings.import_catch_up),
            shops.keys,
            imports,
            runtime.leases,
            runtime.events,
            clock=runtime.clock,
        )
        runtime.background("schedule", schedule.run)
    runtime.on_stop(progress.aclose)
    runtime.on_stop(http.aclose)


def policy_of(settings: IngestorSettings) -> Policy:
    """The limits for calls to futureshop, from the settings."""
    return Policy(
        requests_per_second=settings.requests_per_second,
        attempts=settings.attempts,
        first_wait=settings.first_wait.total_seconds(),
        patience=settings.patience.total_seconds(),
        timeout=settings.request_timeout.total_seconds(),
        max_bytes=settings.max_body_bytes,
    )
