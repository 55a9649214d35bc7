"""What has to be looked after without anybody asking: tokens, expiries, webhooks, the app's own trouble."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from publisher.metrics import EXPIRY
from publisher.reviewing import webhooks
from publisher.store import AppTroubles, Authorization, Authorizations
from publisher.tiktok.app_circuit import AppCircuitBreaker
from publisher.tiktok.shops import Shops
from publisher.tiktok.tokens import Tokens

log = structlog.get_logger(__name__)

_SAY_IT_AGAIN = timedelta(days=1)


class Upkeep:
    """One round does all of it; each part is safe to repeat, and with several replicas too."""

    def __init__(
        self,
        tokens: Tokens,
        shops: Shops,
        authorizations: Authorizations,
        troubles: AppTroubles,
        app_circuit: AppCircuitBreaker,
        *,
        replica: str,
        refresh_before: timedelta,
        warn_before: timedelta,
        webhook_url: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._tokens = tokens
        self._shops = shops
        self._authorizations = authorizations
        self._troubles = troubles
        self._app_circuit = app_circuit
        self._replica = replica
        self._refresh_before = refresh_before
        self._warn_before = warn_before
        self._webhook_url = webhook_url
        self._clock = clock
        self._warned_at: dict[str, datetime] = {}
        self._is_noted = True  # perhaps, by the process before this one

    async def round(self) -> None:
        """Everything once."""
        await self._note_trouble()
        await self._tokens.refresh_ahead(self._refresh_before)
        for authorization in await self._authorizations.all():
            self._watch_expiry(authorization)
        if self._webhook_url is not None:
            await webhooks.register(self._shops, self._authorizations, self._webhook_url)
        await self._note_trouble()

    async def _note_trouble(self) -> None:
        trouble, now = self._app_circuit.trouble, self._clock()
        if trouble is not None:
            cause = (trouble.code, trouble.message)
            await self._troubles.note(self._replica, cause, since=self._app_circuit.since or now, now=now)
            self._is_noted = True
        elif self._is_noted:
            await self._troubles.clear(self._replica)
            self._is_noted = False

    def _watch_expiry(self, authorization: Authorization) -> None:
        shop_key, until, now = authorization.shop_key, authorization.consent_until, self._clock()
        EXPIRY.labels(shop_key).set(0 if authorization.ended is not None else until.timestamp())
        if authorization.ended is not None or until - now > self._warn_before:
            self._warned_at.pop(shop_key, None)
            return
        warned_at = self._warned_at.get(shop_key)
        if warned_at is None or now - warned_at >= _SAY_IT_AGAIN:
            self._warned_at[shop_key] = now
            log.warning(
                "the shop's authorisation ends soon, the merchant has to authorise again",
                shop_key=shop_key,
                expires_at=until.isoformat(),
                days_left=max(0, (until - now).days),
            )
