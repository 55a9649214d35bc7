"""Warnings that a shop's authorisation will expire: once a day, from 30 days before."""

import asyncio

from shopsync_sandbox.tiktok.state.world import World
from shopsync_sandbox.tiktok.tokens import Tokens
from shopsync_sandbox.tiktok.webhooks.notifications import Webhooks

_DAY, WARNED_DAYS = 86_400.0, 30


class ExpiryWarnings:
    """Sends the warnings that are due by the server's clock."""

    def __init__(self, world: World, tokens: Tokens, webhooks: Webhooks) -> None:
        self._world = world
        self._tokens = tokens
        self._webhooks = webhooks
        #: shop key -> (end of the authorisation, whole days left) of the last warning
        self._last_warning: dict[str, tuple[float, int]] = {}

    def warn_due(self) -> int:
        """Send the warnings that are due. Returns how many."""
        warned, now = 0, self._world.now()
        for shop in self._world.shops.values():
            ends = self._tokens.authorised_until(shop.key)
            if ends is None or not now < ends <= now + WARNED_DAYS * _DAY:
                continue
            warning = (ends, int((ends - now) // _DAY))
            if self._last_warning.get(shop.key) != warning:
                self._last_warning[shop.key] = warning
                self._webhooks.authorization_ends(shop, ends)
                warned += 1
        return warned

    def warn(self, shop_key: str) -> None:
        """Warn one shop now, whenever its authorisation ends. Raises ValueError when it has none."""
        ends = self._tokens.authorised_until(shop_key)
        if ends is None:
            raise ValueError(f"shop {shop_key!r} has not authorised the app")
        self._webhooks.authorization_ends(self._world.shop(shop_key), ends)

    async def run(self) -> None:
        """Send warnings until cancelled."""
        while True:
            self.warn_due()
            await asyncio.sleep(0.5)
