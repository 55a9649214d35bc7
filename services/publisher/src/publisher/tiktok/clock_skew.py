"""How far our clock is off TikTok's, which refuses calls stamped 30 seconds ahead or 5 minutes behind."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

import structlog

from publisher.metrics import CLOCK_SKEW

log = structlog.get_logger(__name__)

_WARN_ABOVE = timedelta(seconds=20)
_WARN_AGAIN_AFTER = timedelta(minutes=10)


class ClockWatch:
    """Compares the clocks at every reply, and warns before TikTok refuses calls."""

    def __init__(self) -> None:
        self._warned_at: datetime | None = None

    def skew(self, date: str | None, now: datetime) -> timedelta | None:
        """How far our clock is ahead of the reply's `Date` (negative: behind), to the second; None without a `Date`."""
        server = http_date(date)
        if server is None:
            return None
        skew = now - server
        CLOCK_SKEW.set(skew.total_seconds())
        if abs(skew) <= _WARN_ABOVE:
            self._warned_at = None
        elif self._warned_at is None or now - self._warned_at >= _WARN_AGAIN_AFTER:
            self._warned_at = now
            log.warning("this machine's clock is off TikTok's: set it", ahead_seconds=round(skew.total_seconds()))
        return skew


@lru_cache(maxsize=16)
def http_date(value: str | None) -> datetime | None:
    """A date of an HTTP header, aware; None when absent or unreadable."""
    if value is None:
        return None
    try:
        parsed = parsedate_to_datetime(value)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
