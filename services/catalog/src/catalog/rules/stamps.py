"""Times that decide an order: last writer wins, and none comes from the future."""

from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

from catalog.errors import StampFromFuture
from shopsync_contracts.times import CLOCK_TOLERANCE

T = TypeVar("T")


def refuse_future(name: str, stamp: datetime, broker: datetime) -> None:
    """Raise StampFromFuture when the timestamp is more than 5 minutes ahead of the broker's."""
    if stamp - broker > CLOCK_TOLERANCE:
        raise StampFromFuture(
            f"{name} is {stamp.isoformat()}, more than {CLOCK_TOLERANCE.seconds // 60} minutes ahead of the broker's"
            f" {broker.isoformat()}; correct the publisher's clock and send the message again"
        )


class Stamped(Struct, Generic[T], frozen=True):
    """A value and the time that its writer gave it."""

    value: T
    at: datetime


def last_writer(current: Stamped[T] | None, value: T, at: datetime) -> Stamped[T]:
    """The last writer wins by its own time. At equal times the later arrival wins."""
    if current is not None and at < current.at:
        return current
    return Stamped(value, at)
