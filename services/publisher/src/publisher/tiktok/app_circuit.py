"""Circuit breakers for the app: this replica stops calling while TikTok refuses the app itself.

So no push fails, or uses up attempts, for a reason that is not its product's.
"""

from datetime import datetime, timedelta

import structlog

from publisher.errors import AppMisconfigured, AppStopped, ClockWrong, EndpointWithdrawn
from publisher.metrics import APP_REFUSED

log = structlog.get_logger(__name__)

_REST = timedelta(seconds=60)
"""Between two tries while TikTok refuses the app. Chosen: an operator has to act, and sees the effect in a minute."""
_TRIAL = timedelta(seconds=20)
"""How long other calls wait for the one that tries; it may get no answer."""
_PROOF = 3
"""Refusals in a row that open the circuit: one request with a wrong signature must not stop the others."""
_EVERY_CALL = ""


class Circuit:
    """Opened by refusals in a row, tried by one call a minute, closed by the first good reply."""

    def __init__(self) -> None:
        self.trouble: AppMisconfigured | None = None
        self.since: datetime | None = None
        self._refusals = 0
        self._until: datetime | None = None

    def check(self, now: datetime) -> None:
        """Raises AppStopped while the circuit is open."""
        if self.trouble is not None and self._until is not None and now < self._until:
            raise AppStopped(self.trouble, self._until)

    def enter(self, now: datetime) -> None:
        """As `check`, right before a call is sent. A call that passes while there is trouble is the one that tries."""
        self.check(now)
        if self.trouble is not None:
            self._until = now + _TRIAL

    def refused(self, error: AppMisconfigured, now: datetime) -> bool:
        """Count a refusal. True: it opened the circuit. A wrong clock does at once, as TikTok's clock proves it."""
        self._refusals += 1
        if self.trouble is None and self._refusals < _PROOF and not isinstance(error, ClockWrong):
            return False
        begins = self.trouble is None
        if begins:
            self.since = now
        self.trouble = error
        self._until = error.until = now + _REST
        return begins

    def accepted(self) -> AppMisconfigured | None:
        """Close the circuit after a good reply. Returns the trouble that ended, if there was one."""
        ended, self.trouble = self.trouble, None
        self._refusals, self.since, self._until = 0, None, None
        return ended


class AppCircuitBreaker:
    """One circuit for all calls, and one for each endpoint that TikTok no longer serves.

    Nothing is stored: a wrong clock or address is a matter of one replica.
    """

    def __init__(self) -> None:
        self._circuits: dict[str, Circuit] = {_EVERY_CALL: Circuit()}

    @property
    def trouble(self) -> AppMisconfigured | None:
        """Why all calls, or those of an endpoint, are stopped; None: none are."""
        circuit = self._in_trouble()
        return None if circuit is None else circuit.trouble

    @property
    def since(self) -> datetime | None:
        """Since when calls are stopped."""
        circuit = self._in_trouble()
        return None if circuit is None else circuit.since

    def check(self, now: datetime, endpoint: str) -> None:
        """Raises AppStopped while calls of this endpoint are stopped."""
        for circuit in self._of(endpoint):
            circuit.check(now)

    def enter(self, now: datetime, endpoint: str) -> None:
        """As `check`, right before a call is sent."""
        self.check(now, endpoint)
        for circuit in self._of(endpoint):
            circuit.enter(now)

    def refused(self, error: AppMisconfigured, now: datetime, endpoint: str) -> None:
        """TikTok refused the app, or no longer serves the endpoint. Sets `error.until` when calls are stopped now."""
        name = _EVERY_CALL
        if isinstance(error, EndpointWithdrawn):
            name = endpoint
            error.message = f"{endpoint}: {error.message}"
        if self._circuits.setdefault(name, Circuit()).refused(error, now):
            APP_REFUSED.set(1)
            log.error(
                "TikTok Shop refuses the app, calls are stopped until this is put right",
                code=error.code,
                reason=error.message,
                endpoint=name or "all",
                request_id=error.request_id,
            )

    def accepted(self, endpoint: str) -> None:
        """TikTok accepted the app for a call."""
        for circuit in self._of(endpoint):
            self._ended(circuit)

    def served(self, endpoint: str) -> None:
        """TikTok serves this endpoint; whether it accepts the app is not known."""
        if endpoint in self._circuits:
            self._ended(self._circuits[endpoint])

    def _ended(self, circuit: Circuit) -> None:
        ended = circuit.accepted()
        if ended is not None:
            log.info("TikTok Shop accepts the app again", code=ended.code, reason=ended.message)
            APP_REFUSED.set(0 if self.trouble is None else 1)

    def _of(self, endpoint: str) -> list[Circuit]:
        return [self._circuits[name] for name in (_EVERY_CALL, endpoint) if name in self._circuits]

    def _in_trouble(self) -> Circuit | None:
        return next((circuit for circuit in self._circuits.values() if circuit.trouble is not None), None)
