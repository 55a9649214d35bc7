"""Refuses timestamps from the future, whatever the state of the product.

This is checked first, and again for every delivery. A refused message must be refused again when it is redelivered:
otherwise a crash before its dead letter is published would lose it silently.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from catalog.rules.stamps import refuse_future
from shopsync_contracts import Event
from shopsync_contracts.events import (
    ProductChanged,
    ProductEdited,
    ProductRemoved,
    ProductsBulkEdited,
    SyncTargetSet,
)


def check_timestamps(event: Event[Any], broker: datetime) -> None:
    """Raise StampFromFuture when a timestamp that decides an order is too far ahead of the broker's."""
    for name, stamp in _ordering_timestamps(event):
        refuse_future(name, stamp, broker)


def _ordering_timestamps(event: Event[Any]) -> Iterator[tuple[str, datetime]]:
    match event.data:
        case ProductChanged() as body:
            yield "observed_at", body.observed_at
            yield "product.updated_at", body.product.updated_at
        case ProductRemoved() as body:
            yield "enumeration.started_at", body.enumeration.started_at
            yield "enumeration.completed_at", body.enumeration.completed_at
        case ProductEdited() as body:
            yield "edited_at", body.edited_at
        case SyncTargetSet():
            yield "time", event.time
        case ProductsBulkEdited() as body:
            yield "edited_at", body.edited_at
            if body.sync_enabled is not None:
                yield "time", event.time
