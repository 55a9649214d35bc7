"""Access tokens: decrypted for use, refreshed once across all replicas, never logged."""

import asyncio
import contextlib
import math
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

import stamina
import structlog
from cachetools import TTLCache
from pydantic import SecretStr

from publisher.errors import AuthorizationEnded, KeyMissing, PublisherError, Unavailable
from publisher.metrics import TOKEN_REFRESHES
from publisher.store import Authorization, Authorizations, SealedPair
from publisher.tiktok.client import Access, TikTokClient, TokenPair
from publisher.tiktok.vault import Vault
from shopsync_runtime.failures import is_retryable

log = structlog.get_logger(__name__)

_MARGIN = timedelta(seconds=30)
"""On top of the longest call: for the write of its result, and for replicas whose clocks differ."""
_LOOK_AGAIN = 0.1
_STORE_SECONDS = 300.0
_AT_SHUTDOWN_SECONDS = 10.0
_NEW_SECONDS = 60.0
_FRESH_SECONDS = 5.0
"""How long a pair is used without reading it again. Measured: without it a fifth of all reads are for tokens."""


class Tokens:
    """The shops' tokens.

    A refresh returns two new tokens, and whether the old ones stay valid is not documented. So one replica refreshes,
    under a lease in the store, and the others wait for its result. A refresh that was sent is not stopped by the
    cancellation of a push or by a shutdown, and waits for an absent database: the new pair exists nowhere else. If the
    process is killed between TikTok's answer and the write, the consent may be lost; then AuthorizationEnded asks for
    a new one.

    `deadline`: the longest time of one call; leases last longer.
    """

    def __init__(
        self,
        store: Authorizations,
        client: TikTokClient,
        vault: Vault,
        clock: Callable[[], datetime],
        *,
        deadline: timedelta,
    ) -> None:
        self._store = store
        self._client = client
        self._vault = vault
        self._clock = clock
        self._lease = deadline + _MARGIN
        self._renewals: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._recent: TTLCache[str, Access] = TTLCache(math.inf, _FRESH_SECONDS)
        self._set_aside: set[str] = set()
        self._new: TTLCache[str, int] = TTLCache(math.inf, _NEW_SECONDS)

    async def access(self, shop_key: str) -> Access:
        """The shop's access as of the last 5 seconds. Raises AuthorizationEnded when there is none, KeyMissing.

        TikTok refuses one that was replaced or withdrawn since, which is handled as at any other time.
        """
        access = self._recent.get(shop_key)
        if access is None:
            access = self._recent[shop_key] = self._access(await self._living(shop_key))
        return access

    @property
    def set_aside(self) -> AbstractSet[str]:
        """Shops whose tokens this replica cannot decrypt: their work is left to others until the keyring decides."""
        return self._set_aside

    def leave(self, shop_key: str) -> None:
        """Set the shop aside: its tokens cannot be decrypted here, but perhaps by another replica."""
        self._set_aside.add(shop_key)

    def take_back(self, shop_key: str) -> bool:
        """Work for the shop again. False when it was not set aside."""
        if shop_key not in self._set_aside:
            return False
        self._set_aside.discard(shop_key)
        self.forget(shop_key)
        return True

    def forget(self, shop_key: str) -> None:
        """Another pair is stored now: read it before the next call."""
        self._recent.pop(shop_key, None)

    async def renewed(self, shop_key: str, stale_version: int) -> Access:
        """An access newer than `stale_version`. However many callers and replicas ask, it is refreshed once.

        Raises AuthorizationEnded when the consent has ended, Unavailable when the token host does not answer.
        """
        key = (shop_key, stale_version)
        renewal = self._renewals.get(key)
        if renewal is None:
            renewal = asyncio.create_task(self._renew(shop_key, stale_version), name=f"refresh-{shop_key}")
            self._renewals[key] = renewal
            renewal.add_done_callback(lambda done: self._renewed(key, done))
        await asyncio.shield(renewal)
        self.forget(shop_key)
        return await self.access(shop_key)

    def is_new(self, shop_key: str, version: int) -> bool:
        """Whether this pair was refreshed a moment ago and was never accepted: another refresh would not help."""
        return self._new.get(shop_key) == version

    def accepted(self, shop_key: str, version: int) -> None:
        """TikTok accepted a call with this pair."""
        if self._new.get(shop_key) == version:
            self._new.pop(shop_key, None)

    async def ended(self, shop_key: str, version: int, cause: AuthorizationEnded) -> None:
        """TikTok said that the consent of this pair has ended. A newer pair stays."""
        self.forget(shop_key)
        if await self._store.end(shop_key, version, (cause.code, cause.message)):
            log.error(
                "authorisation ended, the merchant has to authorise again",
                shop_key=shop_key,
                code=cause.code,
                reason=cause.message,
            )

    async def refresh_ahead(self, before: timedelta) -> None:
        """Refresh access tokens that expire within `before`; a failure of one shop does not stop the others."""
        for authorization in await self._store.expiring(self._clock() + before):
            # The reason is logged where it was met.
            with contextlib.suppress(PublisherError):
                await self.renewed(authorization.shop_key, authorization.version)

    async def finish(self) -> None:
        """At shutdown: wait up to 10 seconds for refreshes in progress."""
        if self._renewals:
            _, late = await asyncio.wait(self._renewals.values(), timeout=_AT_SHUTDOWN_SECONDS)
            for renewal in late:
                log.error("a token refresh did not end before the shutdown", task=renewal.get_name())

    def sealed(self, pair: TokenPair) -> SealedPair:
        """Both tokens encrypted with the key in use."""
        return SealedPair(
            access_token=self._vault.seal(pair.access_token),
            refresh_token=self._vault.seal(pair.refresh_token),
            sealed_with=self._vault.in_use,
            access_expires_at=pair.access_expires_at,
            refresh_expires_at=pair.refresh_expires_at,
        )

    def _renewed(self, key: tuple[str, int], renewal: asyncio.Task[None]) -> None:
        self._renewals.pop(key, None)
        if not renewal.cancelled():
            renewal.exception()  # retrieved, or asyncio logs it when no caller is left

    async def _renew(self, shop_key: str, stale_version: int) -> None:
        deadline = self._clock() + self._lease + _MARGIN
        while self._clock() < deadline:
            authorization = await self._living(shop_key)
            if authorization.version > stale_version:
                self._new[shop_key] = authorization.version
                return
            if await self._store.claim_refresh(shop_key, stale_version, now=self._clock(), lease=self._lease):
                await self._refresh(authorization)
                return
            await asyncio.sleep(_LOOK_AGAIN)
        raise Unavailable("token_refresh", "another replica's token refresh did not end in time")

    async def _refresh(self, authorization: Authorization) -> None:
        shop_key, version = authorization.shop_key, authorization.version
        try:
            pair = await self._client.refresh_token(self._open(shop_key, authorization.refresh_token))
        except AuthorizationEnded as error:
            TOKEN_REFRESHES.labels("ended").inc()
            await self.ended(shop_key, version, error)
            raise
        except PublisherError as error:
            TOKEN_REFRESHES.labels("failed").inc()
            log.warning("token refresh failed, again later", shop_key=shop_key, code=error.code, reason=error.message)
            await self._store.release_refresh(shop_key, version)
            raise
        sealed = self.sealed(pair)
        self._new[shop_key] = version + 1  # before anybody can read it, and be refused with it
        async for attempt in stamina.retry_context(on=is_away, attempts=None, timeout=_STORE_SECONDS, wait_max=5.0):
            with attempt:
                stored = await self._store.replace_pair(shop_key, version, sealed)
        TOKEN_REFRESHES.labels("refreshed").inc()
        log.info("token refreshed", shop_key=shop_key, expires_at=pair.access_expires_at.isoformat(), stored=stored)

    async def _living(self, shop_key: str) -> Authorization:
        authorization = await self._store.get(shop_key)
        if authorization is None:
            raise AuthorizationEnded("not_authorized", f"shop {shop_key!r} is not authorised")
        if authorization.ended is not None:
            raise AuthorizationEnded(*authorization.ended)
        return authorization

    def _access(self, authorization: Authorization) -> Access:
        token = self._open(authorization.shop_key, authorization.access_token)
        return Access(token, authorization.cipher, authorization.version)

    def _open(self, shop_key: str, sealed: bytes) -> SecretStr:
        try:
            return self._vault.open(sealed)
        except KeyMissing:
            self.leave(shop_key)
            raise


def is_away(error: Exception) -> bool:
    """Whether the error says that MongoDB cannot be reached now."""
    return not isinstance(error, PublisherError) and is_retryable(error)
