"""Composition root: connects handlers to topics and starts the background tasks."""

from catalog.bulk_edits import BulkEdits
from catalog.handlers import ProductHandler, SettingsHandler, SyncHandler
from catalog.held_resolver import HeldMessageResolver
from catalog.product_updater import ProductUpdater
from catalog.rules.model import Rules
from catalog.rules.own_records import OwnRecords
from catalog.settings import CatalogSettings
from catalog.snapshot_publisher import SnapshotPublisher
from catalog.snapshot_repair import SnapshotRepair
from catalog.store.done_requests import DoneRequests
from catalog.store.held_messages import PRODUCT_TOPICS, HeldMessages
from catalog.store.products import ProductStore
from catalog.store.shops import ShopStore
from catalog.sync_prerequisites import SyncPrerequisites, WaitLimits
from catalog.sync_scheduler import SyncScheduler
from shopsync_contracts.events import (
    BulkEditCompleted,
    ImportRequested,
    ProductEdited,
    ProductSnapshot,
    PushRequested,
    SyncCompleted,
    SyncRequested,
    SyncTargetSet,
)
from shopsync_contracts.topics import (
    CATALOG_PRODUCTS,
    LISTING_EVENTS,
    PRODUCT_CHANGES,
    SHOP_SETTINGS,
    SYNC_COMMANDS,
    TOOL_EDITS,
)
from shopsync_runtime import Barrier, Fetching, Runtime, consumer_group, each

_OWN_RECORDS = 20_000
"""A record is read some milliseconds after it is written, so this is a bound for when nothing is read."""

_CHECKED_TOGETHER = 256 * 1024
_CHECKED_AFTER_MS = 100
"""Bytes of snapshots that are fetched at once, and how long the broker waits for them. Chosen: some hundred snapshots,
which is what an import brings in that time.
"""


def build(runtime: Runtime, settings: CatalogSettings) -> None:
    """Create the parts of the service and register them with the runtime."""
    products, shops = ProductStore(runtime.database), ShopStore(runtime.database)
    held = HeldMessages(runtime.database, PRODUCT_TOPICS)
    own = OwnRecords(_OWN_RECORDS)
    feed = SnapshotPublisher(runtime.events, own)
    rules = Rules(compare_sale_form=settings.compare_sale_form, proof_age=settings.proof_age)
    updater = ProductUpdater(products, shops, feed, rules=rules, clock=runtime.clock)
    done = DoneRequests(runtime.database)
    bulk_edits = BulkEdits(products, done, runtime.events, clock=runtime.clock)
    group = consumer_group(runtime.common.topic_prefix, runtime.name, "products")

    async def everything_before() -> Barrier:
        return await runtime.lag_barrier(group, [PRODUCT_CHANGES, TOOL_EDITS, LISTING_EVENTS])

    async def changes_before() -> Barrier:
        return await runtime.lag_barrier(group, [PRODUCT_CHANGES])

    resolver = HeldMessageResolver(
        held,
        updater,
        bulk_edits,
        barrier=changes_before,
        publish_letters=runtime.publish_dead_letters,
        leases=runtime.leases,
    )
    limits = WaitLimits(settings.settings_grace.total_seconds(), settings.barrier_timeout.total_seconds())
    prerequisites = SyncPrerequisites(shops, held, everything_before, limits, runtime.shutdown)
    syncs = SyncHandler(products, done, runtime.events, prerequisites, clock=runtime.clock)
    scheduler = SyncScheduler(
        shops,
        runtime.events,
        runtime.leases,
        clock=runtime.clock,
        tick=settings.schedule_tick,
        catch_up=settings.schedule_catch_up,
    )
    runtime.publishes(
        ProductSnapshot,
        ProductEdited,
        SyncTargetSet,
        PushRequested,
        ImportRequested,
        SyncRequested,
        SyncCompleted,
        BulkEditCompleted,
    )
    runtime.on_start(products.ensure_indexes)
    runtime.on_start(held.ensure_indexes)
    runtime.consume(
        "products",
        PRODUCT_TOPICS,
        ProductHandler(updater, held, bulk_edits, clock=runtime.clock),
        max_records=settings.max_records,
    )
    runtime.consume("settings", [SHOP_SETTINGS], each(SettingsHandler(shops, updater)))
    runtime.consume("syncs", [SYNC_COMMANDS], syncs)
    check = SnapshotRepair(products, feed, own, interval=settings.snapshot_check_interval)
    checked = runtime.consume_unparsed(
        "snapshot-check",
        [CATALOG_PRODUCTS],
        check,
        fetching=Fetching(settings.max_records, min_bytes=_CHECKED_TOGETHER, max_wait_ms=_CHECKED_AFTER_MS),
        pending_records=check,
    )
    runtime.background("snapshot-check", lambda: check.run(checked))
    runtime.background("held-messages", lambda: resolver.run(settings.held_check_interval))
    runtime.background("schedule", scheduler.run)
