"""Who may call: credentials, bearer tokens, and one request a second per client."""

import base64
import binascii
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request

from shopsync_sandbox.futureshop.clock import Clock
from shopsync_sandbox.futureshop.errors import ApiError

_JITTER = 0.1
"""A call may come so many seconds early, at most half an interval: network jitter does not refuse a client that keeps
the pace. The next call is due as if this one had come on time, so the mean rate is never exceeded."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client needs to connect to a shop (AU-6)."""

    shop_key: str
    client_id: str
    client_secret: str


def credentials_for(shop_key: str, seed: int) -> Credentials:
    """A shop's credentials. They follow from the seed, so that they are known in advance."""
    digest = hashlib.sha256(f"futureshop/{seed}/{shop_key}".encode()).hexdigest()
    return Credentials(shop_key, f"client-{digest[:12]}", f"secret-{digest[12:44]}")


@dataclass(frozen=True, slots=True)
class _Token:
    shop_key: str
    expires_at: datetime


class Access:
    """Tokens and rate limit of every client. `token_seconds` may be changed at any time."""

    def __init__(
        self,
        credentials: dict[str, Credentials],
        clock: Clock,
        *,
        token_seconds: int,
        requests_per_second: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.credentials = credentials
        self.token_seconds = token_seconds
        self.requests_per_second = requests_per_second
        self._clock = clock
        self._monotonic = monotonic
        self._tokens: dict[str, _Token] = {}
        self._next_at: dict[str, float] = {}

    def issue(self, request: Request) -> dict[str, object]:
        """The token reply for a request with HTTP Basic and X-SHOP-KEY. Raises ApiError 401."""
        known = self.credentials.get(request.headers.get("x-shop-key", ""))
        if known is None or _basic(request) != (known.client_id, known.client_secret):
            raise ApiError(
                401,
                "Unauthorized",
                "X-SHOP-KEY, client id and client secret do not belong together",
                headers={"WWW-Authenticate": 'Basic realm="futureshop"'},
                oauth_error="invalid_client",
            )
        now = self._clock.now()
        self._tokens = {value: token for value, token in self._tokens.items() if token.expires_at > now}
        value = secrets.token_urlsafe(24)
        self._tokens[value] = _Token(known.shop_key, now + timedelta(seconds=self.token_seconds))
        return {"access_token": value, "token_type": "bearer", "expires_in": self.token_seconds}

    def authorize(self, request: Request) -> str:
        """The shop key that the bearer token and X-SHOP-KEY agree on. Raises ApiError 401."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        token = self._tokens.get(value.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise _unauthorized("the access token is missing or not known")
        if token.expires_at <= self._clock.now():
            raise _unauthorized("the access token has expired")
        if request.headers.get("x-shop-key") != token.shop_key:
            raise _unauthorized("X-SHOP-KEY is not the shop the access token was given to")
        return token.shop_key

    def allow(self, requests_per_second: float) -> None:
        """Set the rate limit of every client; 0 removes it."""
        self.requests_per_second = requests_per_second
        self._next_at.clear()

    def pace(self, shop_key: str) -> None:
        """Count one call of the shop's client. Raises ApiError 429, and does not count it, when it comes too soon."""
        if self.requests_per_second <= 0:
            return
        interval, now = 1 / self.requests_per_second, self._monotonic()
        due = self._next_at.get(shop_key, now)
        if now < due - min(_JITTER, interval / 2):
            raise ApiError(
                429,
                "TooManyRequests",
                f"at most {self.requests_per_second:g} request(s) a second are allowed for one client",
                headers={"Retry-After": str(max(1, round(due - now)))},
            )
        self._next_at[shop_key] = max(due, now) + interval

    def expire(self, shop_key: str | None = None) -> int:
        """Invalidate the tokens of a shop, or of all. Returns how many there were."""
        stale = [value for value, token in self._tokens.items() if shop_key in (None, token.shop_key)]
        for value in stale:
            del self._tokens[value]
        return len(stale)


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, "Unauthorized", message, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None
