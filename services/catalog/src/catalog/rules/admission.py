"""Refuses timestamps from the future, whatever the state of the product.

This is checked first, and again for every delivery. A refused message must be refused again when it is redelivered:
otherwise a crash before its dead letter is published would lose it silently.
"""

from collections.abc import Callable, Iterable
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

Stamps = Iterable[tuple[str, datetime]]


def check_timestamps(event: Event[Any], broker: datetime) -> None:
    """Raise StampFromFuture when a timestamp that decides an order is too far ahead of the broker's."""
    ordering = _ORDERING.get(type(event.data))
    if ordering is not None:
        for name, stamp in ordering(event):
            refuse_future(name, stamp, broker)


def _of_change(event: Event[ProductChanged]) -> Stamps:
    return ("observed_at", event.data.observed_at), ("product.updated_at", event.data.product.updated_at)


def _of_removal(event: Event[ProductRemoved]) -> Stamps:
    proof = event.data.enumeration
    return ("enumeration.started_at", proof.started_at), ("enumeration.completed_at", proof.completed_at)


def _of_edit(event: Event[ProductEdited]) -> Stamps:
    return (("edited_at", event.data.edited_at),)


def _of_target(event: Event[SyncTargetSet]) -> Stamps:
    return (("time", event.time),)


def _of_bulk_edit(event: Event[ProductsBulkEdited]) -> Stamps:
    edited = ("edited_at", event.data.edited_at)
    return (edited,) if event.data.sync_enabled is None else (edited, ("time", event.time))


_ORDERING: dict[type[Any], Callable[[Event[Any]], Stamps]] = {
    ProductChanged: _of_change,
    ProductRemoved: _of_removal,
    ProductEdited: _of_edit,
    SyncTargetSet: _of_target,
    ProductsBulkEdited: _of_bulk_edit,
}
"""The timestamps of each kind of message that decide an order."""
