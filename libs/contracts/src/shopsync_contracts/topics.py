"""Every topic, declared once: name, key, types, partitions, cleanup, retention.

`shopsync topics apply` creates them from here; services never create topics themselves.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from shopsync_contracts.envelope import ShopBody
from shopsync_contracts.events import (
    BulkEditCompleted,
    DeleteRequested,
    ImportCompleted,
    ImportFailed,
    ImportProgress,
    ImportRequested,
    ProductChanged,
    ProductEdited,
    ProductRemoved,
    ProductsBulkEdited,
    ProductSnapshot,
    PushFailed,
    PushPauseSet,
    PushRequested,
    PushSkipped,
    PushSucceeded,
    ReviewChanged,
    ShopSettingsChanged,
    SweepCompleted,
    SweepRequested,
    SyncCompleted,
    SyncRequested,
    SyncTargetSet,
)
from shopsync_contracts.limits import MAX_MESSAGE_BYTES, MAX_SNAPSHOT_BYTES

PRODUCT_PARTITIONS = 12
"""Product-keyed topics have the same number, so that one consumer can hold a product's partition of each."""

SHOP_PARTITIONS = 3

TOMBSTONES_KEPT = timedelta(days=7)
"""How long a reader of a compacted topic may be away and still learn of every deletion: as long as the other topics."""

FOREVER = None
_HEADERS = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic without its prefix. `retention` None: kept indefinitely; compacted topics keep the newest per key."""

    name: str
    key: Literal["subject", "shop_key", "original key"]
    types: tuple[type[ShopBody], ...]
    written_by: str
    read_by: str
    partitions: int = PRODUCT_PARTITIONS
    cleanup: Literal["delete", "compact"] = "delete"
    retention: timedelta | None = timedelta(days=7)
    tombstones: bool = False
    max_message_bytes: int = MAX_MESSAGE_BYTES

    def full_name(self, prefix: str) -> str:
        """Name on the cluster. `prefix` is the environment's, `shopsync` by default."""
        return f"{prefix}.{self.name}"

    def config(self) -> dict[str, str]:
        """Topic configuration as Kafka names it."""
        retention_ms = -1 if self.retention is None else int(self.retention.total_seconds() * 1000)
        # Kafka's default is one day: a reader that was away for longer would keep what was deleted meanwhile.
        tombstones = (
            {"delete.retention.ms": str(int(TOMBSTONES_KEPT.total_seconds() * 1000))} if self.tombstones else {}
        )
        return {
            **tombstones,
            "cleanup.policy": self.cleanup,
            "retention.ms": str(retention_ms),
            "max.message.bytes": str(self.max_message_bytes),
            # The broker's clock, not the producer's: stamps inside messages are measured against it.
            "message.timestamp.type": "LogAppendTime",
        }


PRODUCT_CHANGES = TopicSpec(
    name="product-changes.v1",
    key="subject",
    types=(ProductChanged, ProductRemoved),
    written_by="ingestor, other systems",
    read_by="catalog",
)
TOOL_EDITS = TopicSpec(
    name="tool-edits.v1",
    key="subject",
    types=(ProductEdited, SyncTargetSet, ProductsBulkEdited),
    written_by="tool, other systems",
    read_by="catalog",
    retention=FOREVER,
)
LISTING_EVENTS = TopicSpec(
    name="listing-events.v1",
    key="subject",
    types=(PushSucceeded, PushFailed, PushSkipped, ReviewChanged),
    written_by="publisher",
    read_by="catalog, others",
    retention=timedelta(days=365),
)
PUSH_COMMANDS = TopicSpec(
    name="push-commands.v1",
    key="subject",
    types=(PushRequested, PushPauseSet),
    written_by="catalog, operators, other systems",
    read_by="publisher",
)
DELETE_COMMANDS = TopicSpec(
    name="delete-commands.v1",
    key="subject",
    types=(DeleteRequested,),
    written_by="janitor",
    read_by="catalog",
)
CATALOG_PRODUCTS = TopicSpec(
    name="catalog-products.v1",
    key="subject",
    types=(ProductSnapshot,),
    written_by="catalog",
    read_by="anyone",
    cleanup="compact",
    retention=FOREVER,
    tombstones=True,
    # A snapshot joins a product, its edits and what TikTok said of it, each with a message of its own.
    max_message_bytes=MAX_SNAPSHOT_BYTES,
)
SHOP_SETTINGS = TopicSpec(
    name="shop-settings.v1",
    key="shop_key",
    types=(ShopSettingsChanged,),
    written_by="tool, operators",
    read_by="catalog (stores), others",
    partitions=SHOP_PARTITIONS,
    cleanup="compact",
    retention=FOREVER,
)
IMPORT_COMMANDS = TopicSpec(
    name="import-commands.v1",
    key="shop_key",
    types=(ImportRequested,),
    written_by="operators, tool, scheduler",
    read_by="ingestor",
    partitions=SHOP_PARTITIONS,
)
SYNC_COMMANDS = TopicSpec(
    name="sync-commands.v1",
    key="shop_key",
    types=(SyncRequested,),
    written_by="operators, tool, scheduler",
    read_by="catalog",
    partitions=SHOP_PARTITIONS,
)
SWEEP_COMMANDS = TopicSpec(
    name="sweep-commands.v1",
    key="shop_key",
    types=(SweepRequested,),
    written_by="operators, janitor's clock",
    read_by="janitor",
    partitions=SHOP_PARTITIONS,
)
REPORTS = TopicSpec(
    name="reports.v1",
    key="shop_key",
    types=(ImportProgress, ImportCompleted, ImportFailed, SyncCompleted, BulkEditCompleted, SweepCompleted),
    written_by="all",
    read_by="operators",
    partitions=SHOP_PARTITIONS,
    retention=timedelta(days=30),
)
DEAD_LETTERS = TopicSpec(
    name="dead-letters.v1",
    key="original key",
    types=(),
    written_by="all",
    read_by="operators",
    partitions=SHOP_PARTITIONS,
    retention=timedelta(days=30),
    # Room for the headers that a dead letter carries beside the original bytes.
    max_message_bytes=MAX_SNAPSHOT_BYTES + _HEADERS,
)

TOPICS: tuple[TopicSpec, ...] = (
    PRODUCT_CHANGES,
    TOOL_EDITS,
    LISTING_EVENTS,
    PUSH_COMMANDS,
    DELETE_COMMANDS,
    CATALOG_PRODUCTS,
    SHOP_SETTINGS,
    IMPORT_COMMANDS,
    SYNC_COMMANDS,
    SWEEP_COMMANDS,
    REPORTS,
    DEAD_LETTERS,
)


def topic_of(body: type[ShopBody]) -> TopicSpec:
    """The topic that carries this body."""
    for spec in TOPICS:
        if body in spec.types:
            return spec
    raise LookupError(f"{body.__name__} is carried by no topic")
