"""The month's time. It runs like the machine's, and is moved forward between operations."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shopsync_sandbox.shop import JST

DAYS_AGO = 40
"""The month is in the past: brokers use the machine's time, and time stamps ahead of theirs are refused."""


class MonthClock:
    """Simulated time. Followers are told the offset to the machine's clock whenever it changes."""

    def __init__(self, start: datetime) -> None:
        self._offset = start - datetime.now(UTC)
        self._followers: list[Callable[[timedelta], None]] = []

    def __call__(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC) + self._offset

    def seconds(self) -> float:
        """Now, as Unix seconds."""
        return time.time() + self._offset.total_seconds()

    def follow(self, follower: Callable[[timedelta], None]) -> None:
        """Call `follower` with the offset, now and after every change."""
        self._followers.append(follower)
        follower(self._offset)

    def forward(self, by: timedelta) -> None:
        self._offset += by
        for follower in self._followers:
            follower(self._offset)

    def until(self, moment: datetime) -> None:
        """Move forward to a moment. Does nothing when it has passed."""
        left = moment - self()
        if left > timedelta(0):
            self.forward(left)


def first_morning(now: datetime) -> datetime:
    """06:00 in Tokyo, DAYS_AGO days ago."""
    day = (now - timedelta(days=DAYS_AGO)).astimezone(JST)
    return day.replace(hour=6, minute=0, second=0, microsecond=0)
