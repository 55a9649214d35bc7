import time
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

_INTERVAL = 60.0


class Outage:
    """Logs outages of something outside: one line when one begins or ends, and one per interval meanwhile."""

    def __init__(
        self, what: str, address: str, *, interval: float = _INTERVAL, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._address = address
        self._interval = interval
        self._clock = clock
        self._since: float | None = None
        self._why: str | None = None
        self._told = 0.0

    @property
    def reason(self) -> str | None:
        """How long it has not answered and why, as a text for /readyz; None while it answers."""
        if self._since is None:
            return None
        return f"no answer from {self._address} for {self._seconds()} s" + (f": {self._why}" if self._why else "")

    def note_result(self, answers: bool, why: str | None = None) -> None:
        """Note the result of a check, and why it failed where that is known."""
        self._why = why
        if answers:
            if self._since is not None:
                log.info("answers again", what=self._what, address=self._address, after_s=self._seconds())
                self._since = None
            return
        now = self._clock()
        if self._since is None:
            self._since = self._told = now
            log.error("does not answer", what=self._what, address=self._address, why=why)
        elif now - self._told >= self._interval:
            self._told = now
            log.error("still does not answer", what=self._what, address=self._address, why=why, for_s=self._seconds())

    def _seconds(self) -> int:
        return round(self._clock() - (self._since or 0.0))
