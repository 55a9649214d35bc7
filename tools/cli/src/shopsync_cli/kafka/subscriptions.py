"""Who reads which topic: the consumer groups of the services."""

from dataclasses import dataclass

from shopsync_contracts import TopicSpec
from shopsync_contracts.topics import (
    CATALOG_PRODUCTS,
    DELETE_COMMANDS,
    IMPORT_COMMANDS,
    LISTING_EVENTS,
    PRODUCT_CHANGES,
    PUSH_COMMANDS,
    REPORTS,
    SHOP_SETTINGS,
    SWEEP_COMMANDS,
    SYNC_COMMANDS,
    TOOL_EDITS,
)
from shopsync_runtime import consumer_group


@dataclass(frozen=True, slots=True)
class Subscription:
    """One consumer group of one service. A test compares the list with what the services register."""

    service: str
    name: str
    topics: tuple[TopicSpec, ...]

    def group(self, prefix: str) -> str:
        """Its name on the cluster."""
        return consumer_group(prefix, self.service, self.name)


SUBSCRIPTIONS: tuple[Subscription, ...] = (
    Subscription("ingestor", "commands", (IMPORT_COMMANDS,)),
    Subscription("catalog", "products", (PRODUCT_CHANGES, TOOL_EDITS, LISTING_EVENTS, DELETE_COMMANDS)),
    Subscription("catalog", "settings", (SHOP_SETTINGS,)),
    Subscription("catalog", "syncs", (SYNC_COMMANDS,)),
    Subscription("catalog", "snapshot-check", (CATALOG_PRODUCTS,)),
    Subscription("publisher", "commands", (PUSH_COMMANDS,)),
    Subscription("janitor", "commands", (SWEEP_COMMANDS,)),
    Subscription("janitor", "reports", (REPORTS,)),
)


def readers_of(spec: TopicSpec, prefix: str) -> tuple[str, ...]:
    """Groups that read the topic; empty when no service does."""
    return tuple(one.group(prefix) for one in SUBSCRIPTIONS if spec in one.topics)
