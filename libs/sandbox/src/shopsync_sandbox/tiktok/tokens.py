"""Authorisations: a consent yields a single-use code, the code a pair of tokens, a refresh token the next pair."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from shopsync_sandbox.tiktok.identity import derive
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code, live_error
from shopsync_sandbox.tiktok.protocol.live_answers import live_message
from shopsync_sandbox.tiktok.state.world import World


@dataclass(slots=True)
class Grant:
    """One seller's consent to the app: the shops and scopes it covers."""

    number: int
    shop_keys: tuple[str, ...]
    scopes: tuple[str, ...]
    refresh_expires: float = 0.0
    revoked: bool = False
    #: 0 seller, 1 creator
    user_type: int = 0


@dataclass(slots=True)
class Issued:
    """A code or token, with its grant and expiry (Unix seconds)."""

    value: str
    grant: Grant
    expires: float


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Always issued and stored together."""

    access: Issued
    refresh: Issued


class Tokens:
    """All codes and tokens. Every refresh changes both tokens; what happens to the old ones is a setting."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._codes: dict[str, Issued] = {}
        self._access: dict[str, Issued] = {}
        self._refresh: dict[str, Issued] = {}
        self.grants: list[Grant] = []

    def mint_code(
        self, shop_keys: Sequence[str] = (), scopes: Sequence[str] | None = None, *, user_type: int = 0
    ) -> Issued:
        """The seller consents: a new single-use code. No shop keys: all shops. Raises KeyError for unknown ones."""
        keys = tuple(shop_keys) or tuple(self._world.shops)
        for key in keys:
            self._world.shop(key)
        granted = self._world.settings.scopes if scopes is None else tuple(scopes)
        grant = Grant(len(self.grants) + 1, keys, granted, user_type=user_type)
        self.grants.append(grant)
        code = Issued(self._name("ROW_code"), grant, self._world.now() + self._world.settings.auth_code_seconds)
        self._codes[code.value] = code
        return code

    def exchange(self, code: str) -> TokenPair:
        """Exchange a code for tokens, once. Raises ApiError 36004004."""
        issued = self._codes.pop(code, None)
        if issued is None or issued.expires < self._world.now() or issued.grant.revoked:
            raise ApiError(Code.AUTH_CODE, "auth_code is invalid, used or expired")
        issued.grant.refresh_expires = self._world.now() + self._world.settings.refresh_token_seconds
        return self._pair(issued.grant)

    def refresh(self, token: str) -> TokenPair:
        """Exchange a refresh token for a new pair. Raises ApiError 36004001 (expired) or 36004005 (unknown)."""
        now, settings = self._world.now(), self._world.settings
        issued = self._refresh.get(token)
        if issued is None or issued.grant.revoked:
            raise live_error(Code.REFRESH_TOKEN)
        if issued.expires < now:
            raise live_error(Code.REFRESH_TOKEN_EXPIRED)
        if settings.old_refresh_token_seconds > 0:
            issued.expires = min(issued.expires, now + settings.old_refresh_token_seconds)
        else:
            del self._refresh[token]
        if settings.refresh_ends_access_token:
            self._access = {k: v for k, v in self._access.items() if v.grant is not issued.grant}
        return self._pair(issued.grant)

    def shop_of(self, value: str) -> str | None:
        """The shop of a code or refresh token; None when it is unknown or has several shops."""
        issued = self._codes.get(value) or self._refresh.get(value)
        return issued.grant.shop_keys[0] if issued is not None and len(issued.grant.shop_keys) == 1 else None

    def authorised_until(self, shop_key: str) -> float | None:
        """When the shop's last authorisation ends (Unix seconds); None when it has none."""
        ends = [g.refresh_expires for g in self.grants if shop_key in g.shop_keys and not g.revoked]
        return max(ends, default=0.0) or None

    def grant_of(self, access_token: str | None) -> Grant:
        """The consent behind an access token.

        Raises ApiError: 36009004 (missing), 36009005 (unknown, revoked; or as `token_error` says), 105002 (expired).
        """
        issued = self._access.get(access_token or "")
        if not access_token:
            raise ApiError(Code.INVALID_PARAM, "x-tts-access-token header is missing: access token header invalid")
        if issued is None or issued.grant.revoked:
            raise ApiError(Code(self._world.settings.token_error), live_message(Code.TOKEN_INVALID))
        if issued.expires < self._world.now():
            raise live_error(Code.TOKEN_EXPIRED)
        return issued.grant

    def expire(self, shop_key: str, *, refresh: bool = False) -> int:
        """Expire the access tokens (and refresh tokens) of a shop now. Returns how many."""
        pools = [self._access, self._refresh] if refresh else [self._access]
        ended = [i for pool in pools for i in pool.values() if shop_key in i.grant.shop_keys]
        for issued in ended:
            issued.expires = self._world.now() - 1
        return len(ended)

    def revoke(self, shop_key: str) -> int:
        """The seller withdraws the consent. Returns how many grants ended."""
        ended = [g for g in self.grants if shop_key in g.shop_keys and not g.revoked]
        for grant in ended:
            grant.revoked = True
        return len(ended)

    def _pair(self, grant: Grant) -> TokenPair:
        now, settings = self._world.now(), self._world.settings
        access = Issued(self._name("ROW_access"), grant, now + settings.access_token_seconds)
        refresh = Issued(self._name("ROW_refresh"), grant, grant.refresh_expires)
        self._access[access.value] = access
        self._refresh[refresh.value] = refresh
        return TokenPair(access, refresh)

    def _name(self, kind: str) -> str:
        number = next(self._numbers)
        return f"ROW_{derive(self._world.seed, kind, str(number), length=46)}"
