"""Keeps the stored tokens readable for every replica while PUBLISHER_TOKEN_KEY is changed (decision 0010)."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from publisher.consent import rotation
from publisher.metrics import TOKENS_OLD_KEY, TOKENS_UNREADABLE
from publisher.model import KeyHolder
from publisher.store import Authorization, Stores
from publisher.tiktok.tokens import Tokens
from publisher.tiktok.vault import KEY_MISSING, UNREADABLE, Vault
from shopsync_runtime.cancelling import raise_if_cancelled

log = structlog.get_logger(__name__)

_ROUNDS_PER_LEASE = 6


@dataclass(frozen=True, slots=True)
class KeyringSettings:
    """`lease`: how long a replica counts after it was last heard of. `blocked_wait`: how long a block is announced."""

    replica: str
    lease: timedelta
    blocked_wait: timedelta


class Keyring:
    """Announces the keys of this replica, chooses the key to encrypt with, and re-encrypts tokens where needed.

    When only another replica can decrypt a shop's tokens, the shop is left to it: its pushes wait here and nothing is
    reported. When no replica can, the shop is blocked until one can. `on_readable` is called with the shops whose
    pushes may go on here.
    """

    def __init__(
        self,
        vault: Vault,
        tokens: Tokens,
        stores: Stores,
        settings: KeyringSettings,
        *,
        clock: Callable[[], datetime],
        on_readable: Callable[[Iterable[str]], None],
    ) -> None:
        self._vault = vault
        self._tokens = tokens
        self._keys = stores.token_keys
        self._authorizations = stores.authorizations
        self._jobs = stores.jobs
        self._me = KeyHolder(settings.replica, vault.fingerprints)
        self._process = uuid4().hex
        self._lease = settings.lease
        self._blocked_wait = settings.blocked_wait
        self._clock = clock
        self._on_readable = on_readable
        #: the ciphertexts last looked at and the key that sealed both, by shop
        self._seen: dict[str, tuple[tuple[bytes, bytes], str | None]] = {}
        self._told_settled = len(vault.fingerprints) == 1
        self._told_apart = False

    async def join(self) -> None:
        """The first round, before anything is encrypted or decrypted."""
        log.info("token keys", newest=self._me.keys[0], older=list(self._me.keys[1:]))
        await self.round()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / _ROUNDS_PER_LEASE)
            raise_if_cancelled()
            await self.round()

    async def round(self) -> None:
        """Announce, choose and check every record once. Safe in several replicas at a time."""
        await self._keys.announce(self._process, self._me, self._lease)
        holders = [self._me, *await self._keys.heard_of()]
        self._choose(holders)
        records = await self._authorizations.all()
        old = [await self._look_after(record, holders) for record in records]
        self._tell(
            sum(old),
            unreadable=sum(record.ended is None and self._key_of(record) is None for record in records),
            holders=holders,
        )

    def missing(self) -> str | None:
        """For readiness: why shops are left to other replicas; None when none is."""
        shops = self._tokens.set_aside
        if not shops:
            return None
        return (
            f"the tokens of {len(shops)} shops are sealed with a key that another replica has and this one lacks:"
            f" PUBLISHER_TOKEN_KEY here holds {', '.join(self._me.keys)}; `shopsync keys` shows every replica's"
        )

    def _choose(self, holders: Sequence[KeyHolder]) -> None:
        chosen = rotation.sealing_key(self._me.keys, holders)
        if chosen != self._vault.in_use:
            log.info("another key seals tokens from now on", key=chosen, formerly=self._vault.in_use)
            self._vault.in_use = chosen
        apart = not rotation.shared_keys(self._me.keys, holders)
        if apart and not self._told_apart:
            log.error(
                "the replicas have no key in common: put the newest key in front of PUBLISHER_TOKEN_KEY on all of them"
                " and keep the former one behind it",
                replicas={holder.replica: list(holder.keys) for holder in holders},
            )
        self._told_apart = apart

    async def _look_after(self, record: Authorization, holders: Sequence[KeyHolder]) -> bool:
        """Whether the record's tokens are still encrypted with another key than our newest."""
        key = self._key_of(record)
        if key is None:
            await self._unreadable(record, holders)
            return record.ended is None  # a consent that has ended needs no key
        await self._readable(record)
        wanted = rotation.key_to_reseal_with(key, self._me.keys, holders)
        if wanted is not None and await self._reseal(record):
            key = wanted
        elif record.sealed_with != key:
            await self._authorizations.note_key(record, key)
        return key != self._me.keys[0]

    async def _readable(self, record: Authorization) -> None:
        shop_key = record.shop_key
        goes_on = self._tokens.take_back(shop_key)
        is_blocked = record.blocked is not None and record.blocked[0] == KEY_MISSING
        if is_blocked and await self._authorizations.unblock(shop_key, KEY_MISSING):
            woken = await self._jobs.wake_shop(shop_key, self._clock())
            log.info("the shop's tokens can be read again", shop_key=shop_key, pushes_woken=woken)
            goes_on = True
        if goes_on:
            self._on_readable([shop_key])

    async def _unreadable(self, record: Authorization, holders: Sequence[KeyHolder]) -> None:
        shop_key = record.shop_key
        if rotation.may_be_opened_elsewhere(record.sealed_with, self._me.keys, holders):
            if shop_key not in self._tokens.set_aside:
                log.warning(
                    "the shop is left to other replicas: PUBLISHER_TOKEN_KEY of this one lacks the key of its tokens",
                    shop_key=shop_key,
                    key=record.sealed_with,
                    keys_here=list(self._me.keys),
                )
            self._tokens.leave(shop_key)
            return
        if record.ended is None:
            await self._block(record)
        if self._tokens.take_back(shop_key):
            self._on_readable([shop_key])  # its pushes are reported as blocked

    async def _block(self, record: Authorization) -> None:
        now = self._clock()
        known = record.blocked is not None and record.blocked[0] == KEY_MISSING
        if known and record.blocked_until is not None and record.blocked_until - now > self._blocked_wait / 2:
            return
        if not known:
            log.error("tokens cannot be read", shop_key=record.shop_key, key=record.sealed_with, reason=UNREADABLE)
        await self._authorizations.block_unreadable(record, (KEY_MISSING, UNREADABLE), now + self._blocked_wait)

    async def _reseal(self, record: Authorization) -> bool:
        """Encrypt the tokens with the key in use. False when somebody has written them since."""
        access = self._vault.seal(self._vault.open(record.access_token))
        refresh = self._vault.seal(self._vault.open(record.refresh_token))
        done = await self._authorizations.reseal(record, access, refresh, self._vault.in_use)
        if done:
            log.info("tokens sealed with another key", shop_key=record.shop_key, key=self._vault.in_use)
        return done

    def _key_of(self, record: Authorization) -> str | None:
        """The key of the record's tokens, the older one of two; None when one of them cannot be decrypted here."""
        sealed = (record.access_token, record.refresh_token)
        seen = self._seen.get(record.shop_key)
        if seen is None or seen[0] != sealed:
            keys = [self._vault.key_of(token) for token in sealed]
            oldest = None if None in keys else max((key for key in keys if key is not None), key=self._me.keys.index)
            seen = self._seen[record.shop_key] = (sealed, oldest)
        return seen[1]

    def _tell(self, old: int, *, unreadable: int, holders: Sequence[KeyHolder]) -> None:
        TOKENS_OLD_KEY.set(old)
        TOKENS_UNREADABLE.set(unreadable)
        settled = old == 0 and rotation.are_agreed(holders)
        if settled and not self._told_settled:
            log.info(
                "no tokens are sealed with an older key any more", key=self._me.keys[0], older=list(self._me.keys[1:])
            )
        self._told_settled = settled
