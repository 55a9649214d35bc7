"""The circuit breaker of a shop: stops its calls while none gets a usable answer. One for all replicas. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

_FIRST_PAUSE = timedelta(seconds=1)
"""Chosen; it doubles up to PUBLISHER_BREAKER_LONGEST."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """Open while `open_until` is set. After that time one call at a time may try (half open). `failures`: in a row.

    `opened`: openings since the last usable answer; each pause is twice the one before.
    """

    failures: int = 0
    opened: int = 0
    open_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether no call is sent, but one probe after `open_until`."""
        return self.open_until is not None


CLOSED = Breaker()


def after_failure(breaker: Breaker, now: datetime, *, probe: bool, limit: int, longest: timedelta) -> Breaker:
    """After a call without a usable answer. Calls that were in flight when the breaker opened do not count."""
    if breaker.is_open and not probe:
        return breaker
    failures = breaker.failures + 1
    if not breaker.is_open and failures < limit:
        return replace(breaker, failures=failures)
    pause: timedelta = min(longest, _FIRST_PAUSE * 2 ** min(breaker.opened, 20))
    return Breaker(failures, breaker.opened + 1, now + pause)


def after_answer(breaker: Breaker, *, probe: bool) -> Breaker:
    """After a usable answer, refusals included. Only a probe closes an open breaker, not a call sent before."""
    return breaker if breaker.is_open and not probe else CLOSED
