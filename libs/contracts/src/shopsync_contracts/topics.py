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

Party = Literal["ingestor", "catalog", "publisher", "janitor", "console", "operator", "tool", "other-systems"]
"""Who reads or writes topics; `access` says what each is. One of these is one user on a cluster with access control.

The operator writes whatever a service reads and may refuse: a dead letter is sent back to where it came from.
"""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic without its prefix.

    `written_by` and `read_by` are what a cluster grants (see `access`). A service stands among the readers with the
    consumer group in which it reads: `catalog.products` is the group `<prefix>.catalog.products`. The console alone
    reads without one: each replica follows a topic for the pages that are open there.

    `retention` None means indefinitely. A compacted topic keeps the newest message per key. A `bulk` topic may hold a
    hundred thousand messages of one import: whoever reads it with other topics reads the others first.
    """

    name: str
    key: Literal["subject", "shop_key", "original key"]
    types: tuple[type[ShopBody], ...]
    written_by: tuple[Party, ...]
    read_by: tuple[str, ...]
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
    written_by=("ingestor", "operator", "other-systems"),
    read_by=("catalog.products", "operator"),
    bulk=True,
)
TOOL_EDITS = TopicSpec(
    name="tool-edits.v1",
    key="subject",
    types=(ProductEdited, SyncTargetSet, ProductsBulkEdited),
    written_by=("catalog", "console", "operator", "tool", "other-systems"),
    read_by=("catalog.products", "operator"),
    retention=INDEFINITELY,
)
LISTING_EVENTS = TopicSpec(
    name="listing-events.v1",
    key="subject",
    types=(PushSucceeded, PushFailed, PushSkipped, ReviewChanged),
    written_by=("publisher", "operator"),
    read_by=("catalog.products", "console", "operator", "tool", "other-systems"),
    retention=timedelta(days=365),
)
PUSH_COMMANDS = TopicSpec(
    name="push-commands.v1",
    key="subject",
    types=(PushRequested, PushPauseSet),
    written_by=("catalog", "operator", "other-systems"),
    read_by=("publisher.commands", "operator"),
)
DELETE_COMMANDS = TopicSpec(
    name="delete-commands.v1",
    key="subject",
    types=(DeleteRequested,),
    written_by=("janitor", "operator"),
    read_by=("catalog.products", "operator"),
)
CATALOG_PRODUCTS = TopicSpec(
    name="catalog-products.v1",
    key="subject",
    types=(ProductSnapshot,),
    written_by=("catalog",),
    read_by=("catalog.snapshot-check", "console", "operator", "tool", "other-systems"),
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
    written_by=("console", "operator", "tool"),
    read_by=("catalog.settings", "operator", "tool", "other-systems"),
    partitions=SHOP_PARTITIONS,
    cleanup="compact",
    retention=INDEFINITELY,
)
IMPORT_COMMANDS = TopicSpec(
    name="import-commands.v1",
    key="shop_key",
    types=(ImportRequested,),
    written_by=("ingestor", "catalog", "janitor", "console", "operator", "tool"),
    read_by=("ingestor.commands", "operator"),
    partitions=SHOP_PARTITIONS,
)
SYNC_COMMANDS = TopicSpec(
    name="sync-commands.v1",
    key="shop_key",
    types=(SyncRequested,),
    written_by=("ingestor", "catalog", "console", "operator", "tool"),
    read_by=("catalog.syncs", "operator"),
    partitions=SHOP_PARTITIONS,
)
SWEEP_COMMANDS = TopicSpec(
    name="sweep-commands.v1",
    key="shop_key",
    types=(SweepRequested,),
    written_by=("janitor", "operator"),
    read_by=("janitor.commands", "operator"),
    partitions=SHOP_PARTITIONS,
)
REPORTS = TopicSpec(
    name="reports.v1",
    key="shop_key",
    types=(ImportProgress, ImportCompleted, ImportFailed, SyncCompleted, BulkEditCompleted, SweepCompleted),
    written_by=("ingestor", "catalog", "janitor", "operator"),
    read_by=("janitor.reports", "console", "operator", "tool"),
    partitions=SHOP_PARTITIONS,
    retention=timedelta(days=30),
)
DEAD_LETTERS = TopicSpec(
    name="dead-letters.v1",
    key="original key",
    types=(),
    written_by=("ingestor", "catalog", "publisher", "janitor", "operator"),
    read_by=("console", "operator", "tool", "other-systems"),
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
