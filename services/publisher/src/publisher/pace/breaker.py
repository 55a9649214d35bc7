"""When a shop's calls are stopped because none gets a usable answer. Pure; one state per shop for all replicas."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

_FIRST_PAUSE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Breaker:
    """`failures` in a row; open while `open_until` is set, and from then on one call at a time may try (half open).

    `opened` counts the openings since the last usable answer: each pause is twice the one before.
    """

    failures: int = 0
    opened: int = 0
    open_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """No call goes out but a probe after `open_until`."""
        return self.open_until is not None


CLOSED = Breaker()


def after_failure(breaker: Breaker, now: datetime, *, probe: bool, limit: int, longest: timedelta) -> Breaker:
    """No usable answer. Calls that were under way when it opened change nothing."""
    if breaker.is_open and not probe:
        return breaker
    failures = breaker.failures + 1
    if not breaker.is_open and failures < limit:
        return replace(breaker, failures=failures)
    pause: timedelta = min(longest, _FIRST_PAUSE * 2 ** min(breaker.opened, 20))
    return Breaker(failures, breaker.opened + 1, now + pause)


def after_answer(breaker: Breaker, *, probe: bool) -> Breaker:
    """A usable answer, refusals included. Only the probe's closes an open breaker, not that of a call sent before."""
    return breaker if breaker.is_open and not probe else CLOSED
