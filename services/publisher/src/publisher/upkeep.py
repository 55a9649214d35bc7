"""Periodic work: refresh tokens, warn of expiring consents, register webhooks, report trouble of the app."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from publisher.metrics import EXPIRY, JOBS
from publisher.reviewing import webhooks
from publisher.settings import PublisherSettings
from publisher.store import AppTroubles, Authorization, Stores
from publisher.tiktok.app_circuit import AppCircuitBreaker
from publisher.tiktok.shops import Shops
from publisher.tiktok.tokens import Tokens

log = structlog.get_logger(__name__)

_WARN_AGAIN_AFTER = timedelta(days=1)


class AppTroubleReport:
    """Tells operators, in `app_troubles`, while TikTok refuses the app's calls from this replica."""

    def __init__(
        self, troubles: AppTroubles, app_circuit: AppCircuitBreaker, replica: str, clock: Callable[[], datetime]
    ) -> None:
        self._troubles = troubles
        self._app_circuit = app_circuit
        self._replica = replica
        self._clock = clock
        self._is_noted = True  # perhaps by the former process of this replica

    async def update(self) -> None:
        """Store the trouble, or clear it when there is none any more."""
        trouble, now = self._app_circuit.trouble, self._clock()
        if trouble is not None:
            cause = (trouble.code, trouble.message)
            await self._troubles.note(self._replica, cause, since=self._app_circuit.since or now, now=now)
            self._is_noted = True
        elif self._is_noted:
            await self._troubles.clear(self._replica)
            self._is_noted = False


class Upkeep:
    """Does the periodic work. Every part may be repeated, also by several replicas at a time."""

    def __init__(
        self,
        tokens: Tokens,
        shops: Shops,
        stores: Stores,
        app_trouble: AppTroubleReport,
        *,
        settings: PublisherSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._tokens = tokens
        self._shops = shops
        self._authorizations = stores.authorizations
        self._jobs = stores.jobs
        self._app_trouble = app_trouble
        self._settings = settings
        self._clock = clock
        self._warned_at: dict[str, datetime] = {}

    async def round(self) -> None:
        """All of it once."""
        await self._app_trouble.update()
        JOBS.set(await self._jobs.count())
        await self._tokens.refresh_ahead(self._settings.token_refresh_before)
        for authorization in await self._authorizations.all():
            self._watch_expiry(authorization)
        if self._settings.webhook_url is not None:
            await webhooks.register(self._shops, self._authorizations, self._settings.webhook_url)
        await self._app_trouble.update()

    def _watch_expiry(self, authorization: Authorization) -> None:
        shop_key, until, now = authorization.shop_key, authorization.consent_until, self._clock()
        EXPIRY.labels(shop_key).set(0 if authorization.ended is not None else until.timestamp())
        if authorization.ended is not None or until - now > self._settings.authorization_warn_before:
            self._warned_at.pop(shop_key, None)
            return
        warned_at = self._warned_at.get(shop_key)
        if warned_at is None or now - warned_at >= _WARN_AGAIN_AFTER:
            self._warned_at[shop_key] = now
            log.warning(
                "the shop's authorisation ends soon, the merchant has to authorise again",
                shop_key=shop_key,
                expires_at=until.isoformat(),
                days_left=max(0, (until - now).days),
            )
