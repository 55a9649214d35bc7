"""The interval of 更新日 (last update time) that a changed_only import reads, split for futureshop's limit. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shopsync_contracts.times import JST

LONGEST = timedelta(days=30)
"""futureshop allows 31 days. A day less, because it is not public whether it counts both end days."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval of aware times in whole seconds, the resolution of futureshop's timestamps (RA-7)."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Every change up to `taken_until` was read; the complete listing was last read at `read_fully_at`.

    Both are start times of imports, aware. `next_switch_at`: when the first product's pre-order period starts or ends,
    which no update window shows.
    """

    taken_until: datetime
    read_fully_at: datetime
    next_switch_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WindowRules:
    """`overlap` covers differing clocks and products that are edited while an import runs.

    Changes without a new 更新日 (RA-5) are only in the complete listing. It is read when the last one is
    `full_read_every` old, and when a pre-order period has started or ended since (PR-13).
    """

    overlap: timedelta = timedelta(hours=1)
    full_read_every: timedelta = timedelta(hours=24)


def interval_of(checkpoint: Checkpoint | None, now: datetime, rules: WindowRules) -> Interval | None:
    """What to read at `now` (aware) to miss no change since the checkpoint; None means the complete listing."""
    if checkpoint is None or not timedelta(0) <= now - checkpoint.read_fully_at < rules.full_read_every:
        return None
    if checkpoint.next_switch_at is not None and checkpoint.next_switch_at <= now:
        return None
    # If the clock was set back, the interval must still include the overlap.
    since = min(checkpoint.taken_until, now) - rules.overlap
    return Interval(_floor(since), _ceil(now + rules.overlap))


def windows(interval: Interval) -> list[Interval]:
    """The interval in parts that futureshop accepts, oldest first.

    Adjacent parts share a second, so nothing is missed whether futureshop includes the end or not.
    """
    pieces = [Interval(interval.since, min(interval.since + LONGEST, interval.until))]
    while (since := pieces[-1].until) < interval.until:
        pieces.append(Interval(since, min(since + LONGEST, interval.until)))
    return pieces


def as_stamp(moment: datetime) -> str:
    """The time in the format of futureshop's searches: Asia/Tokyo without offset, whole seconds."""
    return moment.astimezone(JST).strftime("%Y-%m-%dT%H:%M:%S")


def _floor(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _ceil(moment: datetime) -> datetime:
    whole = _floor(moment)
    return whole if whole == moment else whole + _SECOND
