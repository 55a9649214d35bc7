"""What a shop's 429 answers teach about its rate. Pure.

Down by a factor, up again along a curve that is flat around the rate that was just too much (as in CUBIC, RFC 9438):
the shop is tried seldom near its limit, and soon back at the setting once the limit is lifted. The curve depends on
time only, so nothing is written while it rises, and every replica reads the same rate from the same three numbers.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

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
_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(minutes=1)
_LONGEST_WISH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Learned:
    """`low` calls per second right after the cut at `at`; the rate rises to `top` within 30 s and beyond it after that.

    `strikes`: limits in a row without one answered call between them.
    """

    top: float
    low: float
    at: datetime
    strikes: int = 0


def rate_at(learned: Learned | None, now: datetime, setting: float) -> float:
    """Calls per second allowed now: at most the setting."""
    if learned is None:
        return setting
    beyond = now - learned.at - _RISE
    distance = beyond / (_RISE if beyond < timedelta(0) else _BEYOND)
    rate = learned.top + (learned.top - learned.low) * distance**3
    return min(setting, max(rate, learned.low))


def after_limit(
    learned: Learned | None, now: datetime, setting: float, *, sent_at: datetime, answered: bool
) -> Learned:
    """The state after a 429 to a call sent at `sent_at`. `answered`: a call got through since the last 429."""
    if learned is not None and sent_at < learned.at + _ONE_BURST:
        return learned
    rate = rate_at(learned, now, setting)
    factor = _STEEP if learned is not None and now - learned.at < _TOO_SOON else _GENTLE
    slowest = min(_SLOWEST, setting)
    strikes = 0 if learned is None or answered else learned.strikes + 1
    return Learned(top=max(rate * _BELOW, slowest), low=max(rate * factor, slowest), at=now, strikes=strikes)


def pause_after(learned: Learned, wish: timedelta | None) -> timedelta:
    """How long the whole shop is left alone: as TikTok asks, at most an hour; without its word longer each time."""
    if wish is not None:
        return min(wish, _LONGEST_WISH)
    longer: timedelta = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(learned.strikes, 10))
    return longer
