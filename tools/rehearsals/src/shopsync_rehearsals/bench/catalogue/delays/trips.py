"""The way of messages: published, and seen in a snapshot. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

PERCENTILES = (50, 95, 99)


@dataclass(slots=True)
class Trip:
    """One message on its way. `mark`: bytes of its product's snapshot as soon as that shows the message.

    `sent`: when the broker had acknowledged it, `arrived`: when the reader had the snapshot, in seconds of one clock.
    """

    key: bytes
    value: bytes
    mark: bytes
    kind: str = ""
    sent: float | None = None
    arrived: float | None = None

    @property
    def delay(self) -> float | None:
        """Seconds; None as long as it is not known."""
        if self.sent is None or self.arrived is None:
            return None
        return max(0.0, self.arrived - self.sent)


class Board:
    """Knows the trips that are under way, and which of them a snapshot ends."""

    def __init__(self) -> None:
        self._open: dict[bytes, list[Trip]] = {}
        self.underway = 0

    def depart(self, trip: Trip) -> None:
        """A message is about to be published; of one product in the order of its versions."""
        self._open.setdefault(trip.key, []).append(trip)
        self.underway += 1

    def arrive(self, key: bytes, snapshot: bytes, at: float) -> None:
        """End the trip whose mark the snapshot shows, and those of older versions: a batch has one snapshot of all."""
        trips = self._open.get(key, [])
        shown = next((place for place in reversed(range(len(trips))) if trips[place].mark in snapshot), None)
        if shown is None:
            return
        for trip in trips[: shown + 1]:
            trip.arrived = at
        self.underway -= shown + 1
        del trips[: shown + 1]


@dataclass(frozen=True, slots=True)
class Delays:
    """Delays of many messages in milliseconds. `percentiles`: by number, those of PERCENTILES."""

    messages: int
    percentiles: dict[int, float]
    longest: float

    @property
    def p99(self) -> float:
        """What at most one in a hundred exceeds."""
        return self.percentiles[99]


def delays(trips: Iterable[Trip]) -> Delays | None:
    """Of those that have arrived; None if none has."""
    known = sorted(trip.delay * 1000 for trip in trips if trip.delay is not None)
    if not known:
        return None
    return Delays(len(known), {one: percentile(known, one) for one in PERCENTILES}, known[-1])


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest of the sorted values that so many percent do not exceed (nearest rank)."""
    return values[max(1, ceil(len(values) * percent / 100)) - 1]
