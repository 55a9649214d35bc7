"""The rate of a shop's calls, learned from 429 answers. Pure.

A limit cuts the rate by a factor. Then it rises along a curve that is flat around the rate that was just too high, as
in CUBIC (RFC 9438): the shop is rarely called near its limit, and soon at the setting once the limit is lifted. The
curve depends on time only: nothing is written while it rises, and every replica computes the same rate.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

# TikTok documents none of these: its limits move with app, shop, endpoint and load. Where nothing else is said, a value
# was chosen, and tests/unit/test_pace.py holds what it has to reach: nine tenths of a limit of 1 call a second are used
# while the setting is 10, and the rate is back at the setting within two minutes after the limit is lifted.

_CUT = 0.85
"""Factor on the rate after a limit. With 0.7, as in CUBIC, a limit of 1 is used to less than nine tenths."""
_SECOND_CUT = 0.5
"""Factor after a limit that follows a cut closely: the cut was far too small. Halving, as in TCP (RFC 5681); with 0.85
two replicas do not find a limit of 1 within half a minute.
"""
_SECOND_LIMIT_WITHIN = timedelta(seconds=8)
"""How closely: long enough to use up the credit that TikTok gave during the pause."""
_BURST = timedelta(seconds=1)
"""Limits of calls sent within this time after a cut do not count: the cut was not known everywhere yet."""
_PLATEAU = 0.97
"""The rate around which the curve is flat, as a part of the rate that was limited. With 1.0 a limit of 1 is not used to
nine tenths.
"""
_RECOVERY = timedelta(seconds=30)
"""From the cut up to the plateau."""
_PROBING = timedelta(seconds=20)
"""Scale of the rise beyond the plateau, back to the setting."""
_LOWEST_RATE = 0.1
"""Calls per second: a shop is never given up, and one call every ten seconds does no harm."""
_WINDOW_SECONDS = 10.0
"""How far back throughput is measured: TikTok's limit may be another one than a minute ago."""
_CALLS_IN_WINDOW = 4
"""The window is extended to hold so many calls: at a low rate ten seconds hold too few."""
_FEWEST_CALLS = 2
"""With fewer before a limit nothing is measured."""
_REMEMBERED_CALLS = 200
"""Bounds the memory: 20 seconds at the default rate of 10."""
_TOP_FACTOR = 1.2
_LOW_FACTOR = 0.95
"""With a measured rate: the plateau is this far above it at most, and the cut goes this far below it."""
_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(minutes=1)
"""Without Retry-After a pause is 1 s, doubling while no call gets through, up to a minute."""
_LONGEST_RETRY_AFTER = timedelta(hours=1)
"""A longer Retry-After is not believed: an error in a header must not stop a shop for a day."""


@dataclass(frozen=True, slots=True)
class LearnedRate:
    """Rates in calls per second: `low` right after the cut at `at`, rising to `top` within 30 s, then beyond it.

    `strikes`: limits in a row without an answered call between them. `at` is the database server's time.
    """

    top: float
    low: float
    at: datetime
    strikes: int = 0


@dataclass(frozen=True, slots=True)
class MeasuredRate:
    """Calls per second that got through. `most`: the upper bound, if TikTok gives no credit while nothing is sent."""

    likely: float
    most: float


class ThroughputEstimate:
    """Estimates how many calls per second get through, from times when a call was always waiting.

    A limit far below the setting is known after the second 429 instead of after many halvings. Times are seconds of
    the local monotonic clock.
    """

    def __init__(self) -> None:
        #: when a call was sent and whether it got through; None: a pause began
        self._sends: deque[tuple[float, bool | None]] = deque(maxlen=_REMEMBERED_CALLS)

    def sent(self, at: float, *, waited: bool) -> None:
        """A call is sent. If it did not wait for its send time, counting starts again.

        Then fewer calls were made than the rate allows, so they say nothing of the limit.
        """
        if not waited:
            self._sends.clear()
        self._sends.append((at, True))

    def limited(self, at: float, now: float) -> MeasuredRate | None:
        """The call sent at `at` was limited, as is known at `now`. The rate before it; None: too few calls."""
        known = [(sent, False if sent == at and ok else ok) for sent, ok in self._sends]
        self._sends = deque([*known, (now, None)], maxlen=_REMEMBERED_CALLS)
        before = [(sent, ok) for sent, ok in known if sent < at]
        passed = [sent for sent, ok in before if ok]
        if len(passed) < _FEWEST_CALLS or at - passed[0] < 1.0:
            return None
        begin = min(at - _WINDOW_SECONDS, passed[-min(_CALLS_IN_WINDOW, len(passed))])
        since = [(sent, ok) for sent, ok in before if sent >= begin]
        return _measured(since, at)


def _measured(calls: Sequence[tuple[float, bool | None]], end: float) -> MeasuredRate | None:
    """The rate of the calls before the limited one at `end`.

    Over all of the time it comes out too low, because credit is lost in pauses. Over runs, from the first call after a
    pause to a limit, it comes out too high: the first call had credit from the pause, and a part of the next was there
    at the end. So half a call per run is subtracted. The two are combined by the share of time in runs.
    """
    passed = [sent for sent, ok in calls if ok]
    length, earned, run = 0.0, 0.0, list[float]()
    for at, ok in [*calls, (end, False)]:
        if ok:
            run.append(at)
            continue
        if run and ok is False:
            length, earned = length + at - run[0], earned + len(run) - 0.5
        run = []
    span = end - passed[0]
    over_all = len(passed) / span
    if length <= 0.0:
        return None
    most = max(over_all, earned / length)
    return MeasuredRate(over_all * (most / over_all) ** sqrt(min(1.0, length / span)), most)


def rate_at(learned: LearnedRate | None, now: datetime, setting: float) -> float:
    """Calls per second allowed at `now`, at most `setting`."""
    if learned is None:
        return setting
    beyond = now - learned.at - _RECOVERY
    distance = beyond / (_RECOVERY if beyond < timedelta(0) else _PROBING)
    rate = learned.top + (learned.top - learned.low) * distance**3
    return min(setting, max(rate, learned.low))


def after_limit(
    learned: LearnedRate | None,
    now: datetime,
    setting: float,
    *,
    sent_at: datetime,
    answered: bool,
    measured: MeasuredRate | None = None,
) -> LearnedRate:
    """The rate after a 429 to a call that was sent at `sent_at`.

    `answered`: a call got through since the last 429. `measured`: the rate that got through until then.
    """
    if learned is not None and sent_at < learned.at + _BURST:
        return learned
    rate = rate_at(learned, now, setting)
    factor = _SECOND_CUT if learned is not None and now - learned.at < _SECOND_LIMIT_WITHIN else _CUT
    slowest = min(_LOWEST_RATE, setting)
    strikes = 0 if learned is None or answered else learned.strikes + 1
    top, low = rate * _PLATEAU, rate * factor
    if measured is not None and measured.likely * _TOP_FACTOR < top:
        low = measured.likely * _LOW_FACTOR
        top = min(top, max(measured.likely * _TOP_FACTOR, measured.most))
    return LearnedRate(top=max(top, slowest), low=max(low, slowest), at=now, strikes=strikes)


def pause_after(learned: LearnedRate, wish: timedelta | None) -> timedelta:
    """How long no call of the shop is sent: TikTok's `Retry-After` (`wish`), an hour at most; else longer each time."""
    if wish is not None:
        return min(wish, _LONGEST_RETRY_AFTER)
    longer: timedelta = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(learned.strikes, 10))
    return longer
