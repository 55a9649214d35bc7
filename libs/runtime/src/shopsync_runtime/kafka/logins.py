"""How connections log in at Kafka: a refusal is told as one, and the same log-in is not tried again at once.

aiokafka tries again ten times a second for each client, for as long as it takes. After somebody changed the password, a
process would be refused thousands of times an hour, and where refusals are counted its user would be locked. aiokafka
has no option against it, and takes a refused token for an accepted one.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Hashable
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection, OAuthAuthenticator
from aiokafka.errors import SaslAuthenticationFailed

APART_SECONDS: Final = 8.0
"""Between two log-ins of a process with what was refused. Another password or token is tried at once."""

_PAUSE_SECONDS = 0.3
_AIOKAFKA = "aiokafka.conn"
_REFUSED_TOKEN_SEEN = b"\x01"  # RFC 7628, 3.2.3: the broker tells that it refuses after this, not before


class HoldOff:
    """When what was refused may be tried again. What was never refused may be tried at any time."""

    def __init__(self, apart: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._apart = apart
        self._clock = clock
        self._due: dict[Hashable, float] = {}

    def take_turn(self, login: Hashable) -> float:
        """The seconds until it may be tried; 0 for now, and then whoever asks next has to wait."""
        now = self._clock()
        due = self._due.get(login)
        if due is None:
            return 0.0
        if due > now:
            return due - now
        self._due[login] = now + self._apart
        return 0.0

    def refused(self, login: Hashable) -> None:
        """Note that it was refused now."""
        now = self._clock()
        # Of tokens and passwords that are gone from their files nobody asks again.
        self._due = {other: due for other, due in self._due.items() if due > now - self._apart}
        self._due[login] = now + self._apart

    def worked(self, login: Hashable) -> None:
        """Note that it was let in."""
        self._due.pop(login, None)


_hold_off = HoldOff(APART_SECONDS)


def heed_refusals() -> None:
    """Have every connection of aiokafka in this process log in like this. Idempotent."""
    # `create_conn` looks its class up there, and no client has an option for another.
    vars(sys.modules[_AIOKAFKA])["AIOKafkaConnection"] = _Connection


class _Connection(AIOKafkaConnection):  # type: ignore[misc] # aiokafka is untyped
    """Raises SaslAuthenticationFailed without asking the broker while it is too early to try again."""

    async def connect(self) -> Any:
        if self._sasl_mechanism is None:
            return await super().connect()
        login = await self._login()
        if left := _hold_off.take_turn(login):
            await asyncio.sleep(min(left, _PAUSE_SECONDS))  # who calls tries again at once, or nearly
            raise SaslAuthenticationFailed(f"was refused before, is tried again in {left:.0f} s")
        try:
            streams = await super().connect()
        except SaslAuthenticationFailed:
            _hold_off.refused(login)
            raise
        _hold_off.worked(login)
        return streams

    def authenticator_oauth(self) -> OAuthAuthenticator:
        return _TokenAuthenticator(sasl_oauth_token_provider=self._sasl_oauth_token_provider)

    async def _login(self) -> Hashable:
        """What it logs in with, without keeping any secret. Raises OSError when the token cannot be read."""
        provider = self._sasl_oauth_token_provider
        secret = self._sasl_plain_password if provider is None else await provider.token()
        return self._sasl_mechanism, self._sasl_plain_username, hash(secret)


class _TokenAuthenticator(OAuthAuthenticator):  # type: ignore[misc] # aiokafka is untyped
    """Goes on to the end of the log-in when the broker answers the token with a reason why not."""

    async def step(self, payload: bytes | None) -> Any:
        if payload:
            return _REFUSED_TOKEN_SEEN, True
        return await super().step(payload)
