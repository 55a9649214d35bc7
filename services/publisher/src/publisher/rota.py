"""Whose turn it is: shops take turns, and no shop holds more than its share of the workers. In memory, no I/O."""

from collections import Counter, deque
from collections.abc import Iterable


class Rota:
    """Round-robin over the shops that have due jobs."""

    def __init__(self, per_shop: int) -> None:
        self._per_shop = per_shop
        self._turns: deque[str] = deque()
        self._busy: Counter[str] = Counter()

    def add(self, shops: Iterable[str]) -> None:
        """These shops have due jobs; those already in turn keep their place."""
        known = set(self._turns)
        self._turns.extend(shop for shop in shops if shop not in known)

    def remove(self, shop: str) -> None:
        """The shop has no due job now."""
        if shop in self._turns:
            self._turns.remove(shop)

    def take(self) -> str | None:
        """The next shop with a free place, moved to the end of the queue; None when all wait or are at their limit."""
        for _ in range(len(self._turns)):
            shop = self._turns.popleft()
            self._turns.append(shop)
            if self._busy[shop] < self._per_shop:
                self._busy[shop] += 1
                return shop
        return None

    def give_back(self, shop: str) -> None:
        """A place of the shop is free again."""
        self._busy[shop] -= 1
        if self._busy[shop] <= 0:
            del self._busy[shop]
