"""Compares what was promised with what was measured. Pure."""

from shopsync_rehearsals.bench.catalogue.growth.plan import Measured, Part
from shopsync_rehearsals.bench.catalogue.verdict import machine_line
from shopsync_rehearsals.bench.lines import Line

LEAST_KEPT = 0.80
MOST_MEMORY_GROWTH = 0.10


def judge(measured: Measured) -> list[Line]:
    """Every line of the report."""
    plan, lines = measured.plan, list[Line]()
    if Part.PRODUCTS in plan.parts:
        kept = measured.kept
        what = f"rate with {plan.many:,} products ÷ with {plan.few:,}"
        good = None if kept is None else kept >= LEAST_KEPT
        lines.append(Line(what, "-" if kept is None else f"{kept:.2f}", f"≥ {LEAST_KEPT:.2f}", good, is_speed=True))
    if Part.MEMORY in plan.parts:
        growth = measured.memory_growth
        what = f"memory, last third of {plan.long:,} messages ÷ first"
        good = None if growth is None else growth <= MOST_MEMORY_GROWTH
        shown = "-" if growth is None else f"{growth:+.1%}"
        lines.append(Line(what, shown, f"≤ {MOST_MEMORY_GROWTH:+.0%}", good))
    return [*lines, *machine_line(measured.others)]
