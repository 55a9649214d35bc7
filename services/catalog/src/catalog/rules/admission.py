"""What no state can make acceptable: stamps from the future.

Checked before anything else and of every delivery again: a message that was refused must be refused again when it comes
again, or a crash before its dead letter is out would lose it without a word.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from catalog.rules.stamps import not_ahead
from shopsync_contracts import Event
from shopsync_contracts.events import (
    ProductChanged,
    ProductEdited,
    ProductRemoved,
    ProductsBulkEdited,
    SyncTargetSet,
)


def admit(event: Event[Any], broker: datetime) -> None:
    """Raise StampFromFuture when a stamp that decides an order is too far ahead of the broker's."""
    for name, stamp in _ordering_stamps(event):
        not_ahead(name, stamp, broker)


def _ordering_stamps(event: Event[Any]) -> Iterator[tuple[str, datetime]]:
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
