"""Registration and update times of the generated products: from index to time, and back in O(matches).

Registration times grow with the index. Update times are a fixed affine permutation of the index over a later span of
time. So an update is never before its registration, and a range of update times needs no scan of a million products.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import gcd

from shopsync_sandbox.shop.model import JST

REGISTERED_FROM = datetime(2019, 4, 1, 9, 0, tzinfo=JST)
UPDATED_FROM = datetime(2025, 7, 1, 0, 0, tzinfo=JST)
UPDATED_UNTIL = datetime(2026, 7, 1, 0, 0, tzinfo=JST)

Range = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class _Span:
    """`count` instants spread evenly over [start, end), on whole seconds."""

    start: datetime
    seconds: int
    count: int

    def at(self, rank: int) -> datetime:
        return self.start + timedelta(seconds=rank * self.seconds // self.count)

    def ranks(self, between: Range) -> range:
        """The ranks whose instant lies in the closed range."""
        first, last = (int((moment - self.start).total_seconds()) for moment in between)
        low = -(-first * self.count // self.seconds)
        high = -(-(last + 1) * self.count // self.seconds)
        return range(max(0, low), min(self.count, max(low, high)))


@dataclass(frozen=True, slots=True)
class Stamps:
    """The times of `count` products; `salt` varies the order of the updates."""

    count: int
    salt: int

    def registered(self, index: int) -> datetime:
        """dateCreated, Asia/Tokyo."""
        return self._registrations.at(index)

    def updated(self, index: int) -> datetime:
        """更新日, Asia/Tokyo."""
        factor, shift = self._permutation
        return self._updates.at((index * factor + shift) % self.count)

    def registered_between(self, between: Range) -> range:
        """Indexes registered in the closed range, ascending."""
        return self._registrations.ranks(between)

    def updated_between(self, between: Range) -> list[int]:
        """Indexes last updated in the closed range, ascending."""
        factor, shift = self._permutation
        inverse = pow(factor, -1, self.count) if self.count > 1 else 0
        return sorted((rank - shift) * inverse % self.count for rank in self._updates.ranks(between))

    @property
    def _registrations(self) -> _Span:
        return _Span(REGISTERED_FROM, int((UPDATED_FROM - REGISTERED_FROM).total_seconds()), self.count)

    @property
    def _updates(self) -> _Span:
        return _Span(UPDATED_FROM, int((UPDATED_UNTIL - UPDATED_FROM).total_seconds()), self.count)

    @property
    def _permutation(self) -> tuple[int, int]:
        factor = max(1, int(self.count * 0.618) + self.salt % 7)
        while gcd(factor, self.count) != 1:
            factor += 1
        return factor, self.salt % self.count
