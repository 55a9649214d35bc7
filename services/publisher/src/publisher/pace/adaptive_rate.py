"""What a shop's 429 answers teach about its rate. Pure.

Down by a factor, up again along a curve that is flat around the rate that was just too much (as in CUBIC, RFC 9438):
the shop is tried seldom near its limit, and soon back at the setting once the limit is lifted. The curve depends on
time only, so nothing is written while it rises, and every replica reads the same rate from the same three numbers.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

_GENTLE = 0.85
_STEEP = 0.5
_TOO_SOON = timedelta(seconds=8)
"""A limit this soon after a cut says that the cut was far too small."""
_ONE_BURST = timedelta(seconds=1)
"""Calls sent before the cut was known everywhere say nothing new."""
_BELOW = 0.97
_RISE = timedelta(seconds=30)
_BEYOND = timedelta(seconds=20)
_SLOWEST = 0.1
_MEASURED_SECONDS = 10.0
_FEWEST = 2
_FEW = 4
_MOST_SENDS = 200
_CLOSE_ABOVE = 1.2
_CLOSE_BELOW = 0.95
"""Around a rate that was measured the tries begin and end."""
_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(minutes=1)
_LONGEST_WISH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LearnedRate:
    """`low` calls per second right after the cut at `at`; the rate rises to `top` within 30 s and beyond it after that.

    `strikes`: limits in a row without one answered call between them.
    """

    top: float
    low: float
    at: datetime
    strikes: int = 0


@dataclass(frozen=True, slots=True)
class MeasuredRate:
    """Calls per second that got through. `most`: not more than that, if calls get no credit while none is sent."""

    likely: float
    most: float


class ThroughputEstimate:
    """How many calls a second got through lately, while there was always one waiting. Times are local seconds.

    A rate far below the setting is then known after the second limit, and does not have to be met by halving.
    """

    def __init__(self) -> None:
        #: when, and whether it got through; None: the pause began
        self._sends: deque[tuple[float, bool | None]] = deque(maxlen=_MOST_SENDS)

    def sent(self, at: float, *, waited: bool) -> None:
        """A call goes out. When it did not wait for its time, counting begins again.

        Less was asked for than allowed then, or this machine could not do more.
        """
        if not waited:
            self._sends.clear()
        self._sends.append((at, True))

    def limited(self, at: float, now: float) -> MeasuredRate | None:
        """The call sent at `at` did not get through, as is known now. What got through before it; None: too few."""
        known = [(sent, False if sent == at and ok else ok) for sent, ok in self._sends]
        self._sends = deque([*known, (now, None)], maxlen=_MOST_SENDS)
        before = [(sent, ok) for sent, ok in known if sent < at]
        passed = [sent for sent, ok in before if ok]
        if len(passed) < _FEWEST or at - passed[0] < 1.0:
            return None
        begin = min(at - _MEASURED_SECONDS, passed[-min(_FEW, len(passed))])
        since = [(sent, ok) for sent, ok in before if sent >= begin]
        return _measured(since, at)


def _measured(calls: Sequence[tuple[float, bool | None]], end: float) -> MeasuredRate | None:
    """By the calls up to one at `end` that was limited.

    Over all the time the rate comes out too low, as credit is lost in pauses. Over runs alone, from a first call to a
    limit, it does not: the first call had its credit before and a part of the next was there at the end, so that half
    a call each is taken off. The longer the runs were, the more they tell.
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
    """Calls per second allowed now: at most the setting."""
    if learned is None:
        return setting
    beyond = now - learned.at - _RISE
    distance = beyond / (_RISE if beyond < timedelta(0) else _BEYOND)
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
    """The state after a 429 to a call sent at `sent_at`.

    `answered`: a call got through since the last 429. `measured`: how many got through per second until then.
    """
    if learned is not None and sent_at < learned.at + _ONE_BURST:
        return learned
    rate = rate_at(learned, now, setting)
    factor = _STEEP if learned is not None and now - learned.at < _TOO_SOON else _GENTLE
    slowest = min(_SLOWEST, setting)
    strikes = 0 if learned is None or answered else learned.strikes + 1
    top, low = rate * _BELOW, rate * factor
    if measured is not None and measured.likely * _CLOSE_ABOVE < top:
        low = measured.likely * _CLOSE_BELOW
        top = min(top, max(measured.likely * _CLOSE_ABOVE, measured.most))
    return LearnedRate(top=max(top, slowest), low=max(low, slowest), at=now, strikes=strikes)


def pause_after(learned: LearnedRate, wish: timedelta | None) -> timedelta:
    """How long the whole shop is left alone: as TikTok asks, at most an hour; without its word longer each time."""
    if wish is not None:
        return min(wish, _LONGEST_WISH)
    longer: timedelta = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(learned.strikes, 10))
    return longer
