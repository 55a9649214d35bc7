"""Access tokens: decrypted for use, refreshed once across all replicas, never logged."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from pydantic import SecretStr

from publisher.client import Access, TikTokClient, TokenPair
from publisher.errors import AuthorizationEnded, PublisherError, Unavailable
from publisher.store import Authorization, Authorizations
from publisher.vault import Vault

log = structlog.get_logger(__name__)

_LEASE = timedelta(seconds=60)
_PATIENCE = timedelta(seconds=90)
_LOOK_AGAIN = 0.1


class Tokens:
    """The shops' tokens.

    A refresh gives two new tokens and the fate of the old ones is not documented, so exactly one replica does it under
    a lease in the store; the others wait for its result. A crash between TikTok's answer and the write may cost the
    consent: then AuthorizationEnded asks for a new one.
    """

    def __init__(
        self, store: Authorizations, client: TikTokClient, vault: Vault, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._client = client
        self._vault = vault
        self._clock = clock

    async def access(self, shop_key: str) -> Access:
        """The shop's access as stored. Raises AuthorizationEnded when there is none."""
        return self._access(await self._living(shop_key))

    async def renewed(self, shop_key: str, stale_version: int) -> Access:
        """An access newer than `stale_version`, refreshed here or by whoever was first.

        Raises AuthorizationEnded when the consent is dead, Unavailable when the token host does not answer.
        """
        deadline = self._clock() + _PATIENCE
        while self._clock() < deadline:
            authorization = await self._living(shop_key)
            if authorization.version > stale_version:
                return self._access(authorization)
            if await self._store.claim_refresh(shop_key, stale_version, now=self._clock(), lease=_LEASE):
                await self._refresh(authorization)
                continue
            await asyncio.sleep(_LOOK_AGAIN)
        raise Unavailable("token_refresh", "another replica's token refresh did not end in time")

    async def refresh_ahead(self, before: timedelta) -> None:
        """Refresh every access token with less life left; one shop's trouble does not keep the others."""
        for authorization in await self._store.expiring(self._clock() + before):
            try:
                await self.renewed(authorization.shop_key, authorization.version)
            except PublisherError as error:
                log.warning(
                    "token refresh failed", shop_key=authorization.shop_key, code=error.code, reason=error.message
                )

    async def _refresh(self, authorization: Authorization) -> None:
        shop_key, version = authorization.shop_key, authorization.version
        try:
            pair = await self._client.refresh_token(self._vault.open(authorization.refresh_token))
        except AuthorizationEnded as error:
            await self._store.end(shop_key, version, (error.code, error.message))
            log.error("authorisation ended, the merchant has to authorise again", shop_key=shop_key, code=error.code)  # noqa: TRY400 - the reason is the log line, no traceback helps
            raise
        except BaseException:
            await self._store.release_refresh(shop_key, version)
            raise
        access, refresh = self.sealed(pair)
        await self._store.replace_pair(shop_key, version, access=access, refresh=refresh)
        log.info("token refreshed", shop_key=shop_key, expires_at=pair.access_expires_at.isoformat())

    def sealed(self, pair: TokenPair) -> tuple[tuple[bytes, datetime], tuple[bytes, datetime]]:
        """Both tokens encrypted, each with its expiry."""
        access = (self._vault.seal(pair.access_token), pair.access_expires_at)
        return access, (self._vault.seal(pair.refresh_token), pair.refresh_expires_at)

    async def _living(self, shop_key: str) -> Authorization:
        authorization = await self._store.get(shop_key)
        if authorization is None:
            raise AuthorizationEnded("not_authorized", f"shop {shop_key!r} is not authorised")
        if authorization.ended is not None:
            raise AuthorizationEnded(*authorization.ended)
        return authorization

    def _access(self, authorization: Authorization) -> Access:
        token: SecretStr = self._vault.open(authorization.access_token)
        return Access(token, authorization.cipher, authorization.version)
