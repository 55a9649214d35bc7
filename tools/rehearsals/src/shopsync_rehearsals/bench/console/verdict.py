"""Compares what a merchant waits among many with what one waits alone. Pure."""

from shopsync_rehearsals.bench.console.plan import MOST_RATIO, Kind, Measured, middle, ratio, slow
from shopsync_rehearsals.bench.lines import Line


def judge(measured: Measured) -> list[Line]:
    """Every line of the report."""
    plan = measured.plan
    faults = [fault for stage in measured.stages.values() for fault in stage.faults]
    lines = [
        Line("pages with a fault", str(len(faults)), "0", not faults, because=faults[0] if faults else ""),
        Line(
            "pages",
            ", ".join(f"{len(one.clicks)} ({name})" for name, one in measured.stages.items()),
            "some of each",
            all(one.clicks for one in measured.stages.values()),
        ),
    ]
    for kind in Kind:
        for what, figure in (("median", middle), ("p95", slow)):
            found = ratio(figure(measured.together.times(kind)), figure(measured.alone.times(kind)))
            lines.append(
                Line(
                    f"{kind}: {what} of {plan.merchants} ÷ one",
                    "-" if found is None else f"{found:.2f}",
                    f"≤ {MOST_RATIO:g}",
                    None if found is None else found <= MOST_RATIO,
                    is_speed=True,
                )
            )
    together, rush = measured.together, measured.rush_together
    lines.append(Line(f"pages a second, {plan.think:g} s between the clicks", f"{together.rate:.1f}"))
    lines.append(Line("pages a second, no pauses", f"{rush.rate:.1f}"))
    return lines
