"""Every topic with its name, key, types, partitions, cleanup and retention.

`shopsync topics apply` creates them from this list. Services never create topics.
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
"""The same for all topics keyed by product, so that one consumer can have a product's partition of each."""

SHOP_PARTITIONS = 3

TOMBSTONE_RETENTION = timedelta(days=7)
"""How long a reader of a compacted topic may be down and still see every deletion. The same as most other topics."""

INDEFINITELY = None
_HEADERS = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic without its prefix.

    `retention` None means indefinitely. A compacted topic keeps the newest message per key. A `bulk` topic may hold a
    hundred thousand messages of one import: whoever reads it with other topics reads the others first.
    """

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
    bulk: bool = False

    def full_name(self, prefix: str) -> str:
        """Name on the cluster. The environment sets `prefix`; the default is `shopsync`."""
        return f"{prefix}.{self.name}"

    def config(self) -> dict[str, str]:
        """Topic configuration under Kafka's names."""
        retention_ms = -1 if self.retention is None else int(self.retention.total_seconds() * 1000)
        # With Kafka's default of one day, a reader that was down for longer would keep what was deleted meanwhile.
        tombstones = (
            {"delete.retention.ms": str(int(TOMBSTONE_RETENTION.total_seconds() * 1000))} if self.tombstones else {}
        )
        return {
            **tombstones,
            "cleanup.policy": self.cleanup,
            "retention.ms": str(retention_ms),
            "max.message.bytes": str(self.max_message_bytes),
            # The broker's clock, not the producer's: times inside messages are compared with it.
            "message.timestamp.type": "LogAppendTime",
        }


PRODUCT_CHANGES = TopicSpec(
    name="product-changes.v1",
    key="subject",
    types=(ProductChanged, ProductRemoved),
    written_by="ingestor, other systems",
    read_by="catalog",
    bulk=True,
)
TOOL_EDITS = TopicSpec(
    name="tool-edits.v1",
    key="subject",
    types=(ProductEdited, SyncTargetSet, ProductsBulkEdited),
    written_by="tool, other systems",
    read_by="catalog",
    retention=INDEFINITELY,
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
    retention=INDEFINITELY,
    tombstones=True,
    # A snapshot joins a product, its edits and TikTok's answers, each of which may fill a message of its own.
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
    retention=INDEFINITELY,
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
    # Room for the headers of a dead letter beside the original bytes.
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
    """The topic that carries this body. Raises LookupError when there is none."""
    for spec in TOPICS:
        if body in spec.types:
            return spec
    raise LookupError(f"{body.__name__} is carried by no topic")
