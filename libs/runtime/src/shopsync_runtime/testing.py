"""For the tests of services: deliveries without a broker."""

from datetime import UTC, datetime
from typing import Any

from shopsync_contracts import Event, TopicSpec
from shopsync_runtime.delivery import Delivery

_STAMP = datetime(2026, 11, 23, tzinfo=UTC)


def make_delivery(
    spec: TopicSpec,
    event: Event[Any],
    *,
    partition: int = 0,
    offset: int = 0,
    timestamp: datetime = _STAMP,
    prefix: str = "shopsync",
) -> Delivery:
    """The delivery of an event as the broker would have brought it, keyed by its subject."""
    return Delivery(
        topic=spec.full_name(prefix),
        partition=partition,
        offset=offset,
        timestamp=timestamp,
        key=event.key(),
        value=event.to_bytes(),
        headers=(),
        spec=spec,
        parsed=event,
    )
