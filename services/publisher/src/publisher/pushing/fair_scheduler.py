"""Which shop starts the next push: shops take turns, and none holds more than its share of the places. No I/O."""

from collections import Counter, deque
from collections.abc import Callable, Iterable


class FairScheduler:
    """Round-robin over the shops that may have due jobs.

    A shop holds at most `per_shop` places, and never more than are free: however many slow shops there are, the next
    shop finds a place. It starts with `first` places and gains one with each place it releases, so that a process that
    is killed often finishes pushes instead of starting more.
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
        """These shops may have due jobs; shops that are in the queue keep their position."""
        for shop in shops:
            if shop not in self._known:
                self._known.add(shop)
                self._turns.append(shop)

    def next_shop(self) -> str | None:
        """Give a place to the next shop that may have one, and move it to the end of the queue. None: no shop may.

        `has_capacity` is asked with the number of places the shop holds. It is not returned again before `claimed`.
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
        """Whether a due job was found for the place; without one the shop leaves the queue."""
        self._claiming.discard(shop)
        if not found and shop in self._known:
            self._known.discard(shop)
            self._turns.remove(shop)

    def release(self, shop: str) -> None:
        """Free a place of the shop."""
        self._claiming.discard(shop)
        self._free += 1
        self._share[shop] = min(self._per_shop, self._share.get(shop, self._first) + 1)
        self._busy[shop] -= 1
        if self._busy[shop] <= 0:
            del self._busy[shop]

    def _may(self, shop: str) -> bool:
        busy, share = self._busy[shop], self._share.get(shop, self._first)
        return shop not in self._claiming and busy < min(share, self._free) and self._has_capacity(shop, busy)
