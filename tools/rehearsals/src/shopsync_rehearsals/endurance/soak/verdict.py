"""Judges whether what a process holds has grown. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from statistics import median

from shopsync_rehearsals.bench.lines import Line
from shopsync_rehearsals.endurance.soak.samples import Sample

MOST_SLOPE = 1.0
"""MB a minute."""

WARM_UP = 0.25
"""The share of the time in which caches fill and nothing is judged."""

_FEWEST = 8
_TOLERANCE = 2
_MOST_LAG = 100
_PAIRS = 200


def judge(samples: Mapping[str, Sequence[Sample]]) -> list[Line]:
    """The lines of the report, by service."""
    return [line for service, some in samples.items() for line in _of(service, _warm(some))]


def _of(service: str, samples: Sequence[Sample]) -> Iterable[Line]:
    if len(samples) < _FEWEST:
        yield Line(f"{service}: samples", str(len(samples)), f"≥ {_FEWEST}", good=False)
        return
    slope = slope_per_minute([(one.at, one.megabytes) for one in samples])
    span = f"{samples[0].megabytes:.0f} → {samples[-1].megabytes:.0f} MB, {slope:+.2f} MB/min"
    yield Line(f"{service}: memory", span, f"< {MOST_SLOPE:+.2f} MB/min", slope < MOST_SLOPE)
    for what in ("descriptors", "threads", "tasks"):
        yield _constant(f"{service}: {what}", [getattr(one, what) for one in samples])
    yield _lag(f"{service}: lag", [one.lag for one in samples])


def _constant(what: str, values: Sequence[int]) -> Line:
    """The usual number at the end is the usual number at the begin. Calls in flight make single readings higher."""
    first, last = _ends(values)
    return Line(what, f"{first:g} → {last:g}", f"≤ +{_TOLERANCE}", last <= first + _TOLERANCE)


def _lag(what: str, values: Sequence[int]) -> Line:
    first, last = _ends(values)
    return Line(what, f"{first:g} → {last:g}, at most {max(values)}", f"≤ {_MOST_LAG}", last <= max(first, _MOST_LAG))


def _ends(values: Sequence[int]) -> tuple[float, float]:
    third = max(1, len(values) // 3)
    return median(values[:third]), median(values[-third:])


def _warm(samples: Sequence[Sample]) -> list[Sample]:
    if not samples:
        return []
    begin = samples[-1].at * WARM_UP
    return [one for one in samples if one.at >= begin]


def slope_per_minute(points: Sequence[tuple[float, float]]) -> float:
    """The median of the slopes between all pairs (Theil and Sen): single peaks do not tilt it."""
    step = max(1, len(points) // _PAIRS)
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points[::step], 2) if x2 > x1]
    return 60 * median(slopes) if slopes else 0.0
