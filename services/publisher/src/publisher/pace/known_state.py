"""What a replica knows of a shop's shared rate limiter state, and what follows from it at a given time. No I/O."""

from datetime import UTC, datetime, timedelta

from publisher.pace.adaptive_rate import rate_at
from publisher.pace.state import PaceState

_QUEUED_AFTER_PAUSE = 2.0
"""Seconds: a call that comes so soon after a pause counts as one that waited for its end. Chosen."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class KnownState:
    """The newest state that this replica has read or written, and the server's time then.

    `now` is always a time of the local monotonic clock, in seconds; results are seconds too.
    """

    def __init__(self, setting: float) -> None:
        self.state = PaceState()
        self._setting = setting
        self._as_of, self._as_of_local = _LONG_AGO, 0.0

    def learn(self, state: PaceState, server_now: datetime, now: float) -> bool:
        """Adopt a state of the store. False when a newer one is known."""
        if server_now < self._as_of:
            return False
        self.state, self._as_of, self._as_of_local = state, server_now, now
        return True

    def rate(self, now: float) -> float:
        """Calls per second that are allowed."""
        return rate_at(self.state.learned, self._server_now(now), self._setting)

    def pause(self, now: float) -> float:
        """How long no call may be sent; 0 or less: none is paused."""
        return self._until(self.state.paused_until, now)

    def was_paused(self, now: float) -> bool:
        """Whether a pause ended just now, or has not ended: a call that comes then has waited for it."""
        return self.state.paused_until is not None and self.pause(now) > -_QUEUED_AFTER_PAUSE

    def rest(self, now: float) -> float:
        """How long an open breaker is not tried; 0 or less: it may be."""
        return self._until(self.state.breaker.open_until, now)

    def _until(self, moment: datetime | None, now: float) -> float:
        return 0.0 if moment is None else (moment - self._server_now(now)).total_seconds()

    def _server_now(self, now: float) -> datetime:
        return self._as_of + timedelta(seconds=now - self._as_of_local)
