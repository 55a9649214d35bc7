"""Which stretch of 更新日 (last update time) a changed_only import has to read, cut as futureshop wants it. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shopsync_contracts.times import JST

LONGEST = timedelta(days=30)
"""futureshop takes at most 31 days; a day less, because whether it counts both end days is not public."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """Closed stretch of time, aware, on whole seconds: the grain of futureshop's stamps (RA-7)."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Every change up to `taken_until` was taken; at `read_fully_at` the complete listing was last read for it.

    Both are starts of imports, aware. `next_switch_at`: when the first product read changes its sale form by the
    clock, which no update window shows.
    """

    taken_until: datetime
    read_fully_at: datetime
    next_switch_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WindowRules:
    """`overlap` covers clocks that differ and products edited while an import runs.

    What moves no 更新日 (RA-5) shows in the complete listing only, so that is read when the last one is
    `full_read_every` old, and when a pre-order period has begun or ended since (PR-13).
    """

    overlap: timedelta = timedelta(hours=1)
    full_read_every: timedelta = timedelta(hours=24)


def interval_of(checkpoint: Checkpoint | None, now: datetime, rules: WindowRules) -> Interval | None:
    """What to read at `now` (aware) to miss no change since the checkpoint; None when it takes the complete listing."""
    if checkpoint is None or not timedelta(0) <= now - checkpoint.read_fully_at < rules.full_read_every:
        return None
    if checkpoint.next_switch_at is not None and checkpoint.next_switch_at <= now:
        return None
    # A clock that was set back must not make the interval shorter than the overlap.
    since = min(checkpoint.taken_until, now) - rules.overlap
    return Interval(_floor(since), _ceil(now + rules.overlap))


def windows(interval: Interval) -> list[Interval]:
    """The interval in pieces that futureshop accepts, oldest first.

    Neighbours share their border second: nothing falls between them, whether futureshop counts the end in or not.
    """
    pieces = [Interval(interval.since, min(interval.since + LONGEST, interval.until))]
    while (since := pieces[-1].until) < interval.until:
        pieces.append(Interval(since, min(since + LONGEST, interval.until)))
    return pieces


def as_stamp(moment: datetime) -> str:
    """As futureshop's searches take it: Asia/Tokyo without zone, whole seconds."""
    return moment.astimezone(JST).strftime("%Y-%m-%dT%H:%M:%S")


def _floor(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _ceil(moment: datetime) -> datetime:
    whole = _floor(moment)
    return whole if whole == moment else whole + _SECOND
