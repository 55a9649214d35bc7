"""The month's time: it runs like the machine's, and is moved forward between things that happen."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shopsync_sandbox.shop import JST

DAYS_AGO = 40
"""The month lies in the past: brokers stamp records with the machine's time, and stamps ahead of theirs are refused."""


class MonthClock:
    """Simulated time. `followers` are told the offset to the machine's clock whenever it changes."""

    def __init__(self, start: datetime) -> None:
        self._offset = start - datetime.now(UTC)
        self._followers: list[Callable[[timedelta], None]] = []

    def __call__(self) -> datetime:
        """The present moment, aware, UTC."""
        return datetime.now(UTC) + self._offset

    def seconds(self) -> float:
        """The same as Unix seconds."""
        return time.time() + self._offset.total_seconds()

    def follow(self, follower: Callable[[timedelta], None]) -> None:
        """Tell a sandbox's own clock the offset, now and at every move."""
        self._followers.append(follower)
        follower(self._offset)

    def forward(self, by: timedelta) -> None:
        """Move on."""
        self._offset += by
        for follower in self._followers:
            follower(self._offset)

    def until(self, moment: datetime) -> None:
        """Move to a moment; one that has passed is left alone."""
        left = moment - self()
        if left > timedelta(0):
            self.forward(left)


def first_morning(now: datetime) -> datetime:
    """06:00 in Tokyo, so many days ago."""
    day = (now - timedelta(days=DAYS_AGO)).astimezone(JST)
    return day.replace(hour=6, minute=0, second=0, microsecond=0)
