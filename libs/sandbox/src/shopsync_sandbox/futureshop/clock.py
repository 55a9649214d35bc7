import time
from datetime import datetime, timedelta

from shopsync_sandbox.shop import JST, in_japan


class Clock:
    """The sandbox's time in Asia/Tokyo: the machine's with an offset, or frozen.

    Time stamps and token expiry follow it; the rate limit follows real time.
    """

    def __init__(self) -> None:
        self._offset = timedelta(0)
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """Now, in Asia/Tokyo."""
        if self._frozen is not None:
            return self._frozen
        return datetime.fromtimestamp(time.time(), JST) + self._offset

    def shift(self, offset: timedelta) -> None:
        """Run `offset` ahead of the machine; behind it when negative. Ends a freeze."""
        self._offset, self._frozen = offset, None

    def freeze(self, at: datetime) -> None:
        """Stop at a moment. One without a zone is Asia/Tokyo."""
        self._frozen = in_japan(at)

    def facts(self) -> dict[str, object]:
        """The clock as the control API shows it."""
        return {
            "now": self.now().isoformat(timespec="seconds"),
            "offset_seconds": self._offset.total_seconds(),
            "frozen": self._frozen is not None,
        }
