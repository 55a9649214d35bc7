"""Times that decide an order: last writer wins, and none comes from the future."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from catalog.errors import StampFromFuture

T = TypeVar("T")

CLOCK_TOLERANCE = timedelta(minutes=5)


def not_ahead(name: str, stamp: datetime, broker: datetime) -> None:
    """Raise StampFromFuture when more than 5 minutes ahead of the broker's stamp."""
    if stamp - broker > CLOCK_TOLERANCE:
        raise StampFromFuture(
            f"{name} is {stamp.isoformat()}, more than {CLOCK_TOLERANCE.seconds // 60} minutes ahead of the broker's"
            f" {broker.isoformat()}; correct the publisher's clock and send the message again"
        )


@dataclass(frozen=True, slots=True)
class Stamped(Generic[T]):
    """A value and the time its writer gave it."""

    value: T
    at: datetime


def last_writer(current: Stamped[T] | None, value: T, at: datetime) -> Stamped[T]:
    """Last writer wins by its own time; at equal times the later arrival."""
    if current is not None and at < current.at:
        return current
    return Stamped(value, at)
