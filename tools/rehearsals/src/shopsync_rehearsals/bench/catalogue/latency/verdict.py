"""Compares what was promised with what was measured. Pure."""

from statistics import median

from shopsync_rehearsals.bench.catalogue.latency.plan import Measured
from shopsync_rehearsals.bench.catalogue.plan import Kind
from shopsync_rehearsals.bench.catalogue.verdict import machine_line
from shopsync_rehearsals.bench.lines import Line

JUDGED_SHARE = 50
MOST_RATIO = 3.0


def p99(measured: Measured, kind: Kind, share: int) -> float | None:
    """Milliseconds, the median of the rounds."""
    known = [level.delays.p99 for level in measured.of(kind, share) if level.delays is not None]
    return median(known) if known else None


def ratio(measured: Measured, share: int) -> float | None:
    """The catalogue's 99th percentile divided by the raw loop's."""
    ours, theirs = p99(measured, Kind.CATALOGUE, share), p99(measured, Kind.RAW_LOOP, share)
    return None if ours is None or not theirs else ours / theirs


def judge(measured: Measured) -> list[Line]:
    """Every line of the report."""
    lost = sum(level.lost for level in measured.levels)
    lines = [Line("snapshots that never came", f"{lost}", "0", lost == 0)]
    for share in measured.plan.shares:
        found = ratio(measured, share)
        what, shown = f"p99 ÷ raw loop at {share} %", "-" if found is None else f"{found:.2f}"
        if share == JUDGED_SHARE:
            good = None if found is None else found <= MOST_RATIO
            lines.append(Line(what, shown, f"≤ {MOST_RATIO:.2f}", good, is_speed=True))
        else:
            lines.append(Line(what, shown))
    return [*lines, *machine_line([level.others for level in measured.levels if level.others is not None])]
