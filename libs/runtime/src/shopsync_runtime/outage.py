import time
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

_INTERVAL = 60.0


class Outage:
    """Whether something outside answers: one line when that changes, and one per interval while it does not."""

    def __init__(
        self, what: str, address: str, *, interval: float = _INTERVAL, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._address = address
        self._interval = interval
        self._clock = clock
        self._since: float | None = None
        self._told = 0.0

    @property
    def reason(self) -> str | None:
        """For /readyz: since when it does not answer, None while it does."""
        return None if self._since is None else f"no answer from {self._address} for {self._seconds()} s"

    def looked(self, answers: bool) -> None:
        """What a look has shown."""
        if answers:
            if self._since is not None:
                log.info("answers again", what=self._what, address=self._address, after_s=self._seconds())
                self._since = None
            return
        now = self._clock()
        if self._since is None:
            self._since = self._told = now
            log.error("does not answer", what=self._what, address=self._address)
        elif now - self._told >= self._interval:
            self._told = now
            log.error("still does not answer", what=self._what, address=self._address, for_s=self._seconds())

    def _seconds(self) -> int:
        return round(self._clock() - (self._since or 0.0))
