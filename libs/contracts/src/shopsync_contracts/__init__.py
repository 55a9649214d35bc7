"""The wire format of shopsync: every message on Kafka. No I/O."""

from shopsync_contracts.derived import bulk_edit_part_id
from shopsync_contracts.envelope import CONTENT_TYPE, Event, PlainEvent, ProductBody, ShopBody, new_event
from shopsync_contracts.errors import (
    ContractError,
    EmptyValue,
    KeyMismatch,
    NotCloudEvent,
    NotJson,
    TooLarge,
    UnexpectedType,
    UnknownType,
    WrongShape,
)
from shopsync_contracts.parsing import describe, parse
from shopsync_contracts.topics import TOPICS, TopicSpec, topic_of

__all__ = [
    "CONTENT_TYPE",
    "TOPICS",
    "ContractError",
    "EmptyValue",
    "Event",
    "KeyMismatch",
    "NotCloudEvent",
    "NotJson",
    "PlainEvent",
    "ProductBody",
    "ShopBody",
    "TooLarge",
    "TopicSpec",
    "UnexpectedType",
    "UnknownType",
    "WrongShape",
    "bulk_edit_part_id",
    "describe",
    "new_event",
    "parse",
    "topic_of",
]
