"""Whose turn it is: shops take turns, and no shop holds more than its share of the places. In memory, no I/O."""

from collections import Counter, deque
from collections.abc import Callable, Iterable


class FairScheduler:
    """Round-robin over the shops that may have due jobs.

    A shop may hold `per_shop` places and never more than are free: however many slow shops there are, they leave places
    to the next one. It begins with `first` places and gains one with each that it gives back: a process that does not
    live long finishes what it began instead of beginning more.
    """

    def __init__(
        self, places: int, per_shop: int, has_capacity: Callable[[str, int], bool], *, first: int | None = None
    ) -> None:
        self._per_shop = per_shop
        self._first = per_shop if first is None else min(first, per_shop)
        self._share: dict[str, int] = {}
        self._has_capacity = has_capacity
        self._turns: deque[str] = deque()
        self._known: set[str] = set()
        self._claiming: set[str] = set()
        self._busy: Counter[str] = Counter()
        self._free = places

    def add(self, shops: Iterable[str]) -> None:
        """These shops may have due jobs; those already in turn keep their place."""
        for shop in shops:
            if shop not in self._known:
                self._known.add(shop)
                self._turns.append(shop)

    def next_shop(self) -> str | None:
        """The next shop that may have another place, moved to the end of the queue; None when there is none now.

        `has_capacity` decides with the number of places it holds. The shop is not named again before `claimed`.
        """
        for _ in range(len(self._turns)):
            shop = self._turns.popleft()
            self._turns.append(shop)
            if self._may(shop):
                self._busy[shop] += 1
                self._free -= 1
                self._claiming.add(shop)
                return shop
        return None

    def claimed(self, shop: str, *, found: bool) -> None:
        """The shop had a due job for its place, or has none left."""
        self._claiming.discard(shop)
        if not found and shop in self._known:
            self._known.discard(shop)
            self._turns.remove(shop)

    def release(self, shop: str) -> None:
        """A place of the shop is free again."""
        self._claiming.discard(shop)
        self._free += 1
        self._share[shop] = min(self._per_shop, self._share.get(shop, self._first) + 1)
        self._busy[shop] -= 1
        if self._busy[shop] <= 0:
            del self._busy[shop]

    def _may(self, shop: str) -> bool:
        busy, share = self._busy[shop], self._share.get(shop, self._first)
        return shop not in self._claiming and busy < min(share, self._free) and self._has_capacity(shop, busy)
