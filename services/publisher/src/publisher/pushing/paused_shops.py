"""Shops whose pushes an operator has paused, as this replica knows them."""

import structlog

from publisher.metrics import PAUSED_SHOPS
from publisher.store import Pauses

log = structlog.get_logger(__name__)


class PausedShops:
    """Keeps workers from claiming the jobs of paused shops.

    A push reads the pause again at its start and before each write. So a set that is a moment behind lets nothing
    through; it only saves claims.
    """

    def __init__(self, pauses: Pauses) -> None:
        self._pauses = pauses
        self._paused: set[str] = set()
        self._known: set[str] = set()

    def is_paused(self, shop_key: str) -> bool:
        """Whether the shop is known to be paused."""
        return shop_key in self._paused

    def add(self, shop_key: str) -> None:
        """A push found the shop paused."""
        self._paused.add(shop_key)

    async def refresh(self) -> None:
        """Read the pauses again, also those that other replicas stored."""
        paused = await self._pauses.shops()
        for shop in sorted(paused ^ self._known):
            log.info("pushes of the shop wait" if shop in paused else "pushes of the shop go on", shop_key=shop)
        self._paused = paused
        self._known = set(paused)
        PAUSED_SHOPS.set(len(paused))
