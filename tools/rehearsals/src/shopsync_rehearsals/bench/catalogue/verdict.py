"""Compares what was promised with what was measured. Pure."""

from collections.abc import Sequence

from shopsync_rehearsals.bench.catalogue.figures import Measured, cpu_ratio, rate_ratio
from shopsync_rehearsals.bench.catalogue.plan import Kind, Phase
from shopsync_rehearsals.bench.lines import Line

LEAST_RATE = {
    Kind.RAW_LOOP: {
        Phase.FIRST_IMPORT: 0.90,
        Phase.UPDATE: 0.90,
        Phase.NOTHING_CHANGED: 0.70,
        Phase.RE_DELIVERY: 0.70,
    },
    Kind.ONE_BY_ONE: {Phase.FIRST_IMPORT: 8.0, Phase.UPDATE: 8.0},
    Kind.CONNECT: {Phase.FIRST_IMPORT: 1.0, Phase.UPDATE: 1.0},
}
MOST_CPU = {
    Kind.RAW_LOOP: dict.fromkeys(
        (Phase.FIRST_IMPORT, Phase.UPDATE, Phase.NOTHING_CHANGED, Phase.RE_DELIVERY),
        1.6,
    ),
}
QUIET = 0.1
"""Above this share of all cores' time, something else on the machine may have changed the rates."""


def judge(measured: Measured) -> list[Line]:
    """Every line of the report. A contender that was skipped has one line that says why."""
    plan = measured.plan
    others = [kind for kind in plan.contenders if kind is not Kind.CATALOGUE and kind not in measured.skipped]
    lines = [Line(f"{kind}: skipped", why) for kind, why in measured.skipped.items()]
    lines += [_counts(measured, kind) for kind in plan.contenders if kind not in measured.skipped]
    if Kind.CATALOGUE in plan.contenders and Kind.CATALOGUE not in measured.skipped:
        for kind in others:
            lines += [_rate(measured, kind, phase) for phase in plan.phases if phase in LEAST_RATE[kind]]
            lines += [_cpu(measured, kind, phase) for phase in plan.phases if phase in MOST_CPU.get(kind, {})]
    return [*lines, *machine_line([one.others for one in measured.efforts if one.others is not None])]


def _counts(measured: Measured, kind: Kind) -> Line:
    """One line for all phases and rounds, also of phases that are not shown."""
    problems = [problem for one in measured.efforts if one.kind is kind for problem in one.problems]
    right = "right" if not problems else f"{len(problems)} wrong"
    return Line(f"{kind}: counts", right, "right", not problems, because="; ".join(problems[:3]))


def _rate(measured: Measured, kind: Kind, phase: Phase) -> Line:
    found, least = rate_ratio(measured, kind, phase), LEAST_RATE[kind][phase]
    good = None if found is None else found >= least
    return Line(f"{phase}: rate ÷ {kind}", _shown(found), f"≥ {least:.2f}", good, is_speed=True)


def _cpu(measured: Measured, kind: Kind, phase: Phase) -> Line:
    found, most = cpu_ratio(measured, kind, phase), MOST_CPU[kind][phase]
    good = None if found is None else found <= most
    return Line(f"{phase}: CPU ÷ {kind}", _shown(found), f"≤ {most:.2f}", good, is_speed=True)


def _shown(found: float | None) -> str:
    return "-" if found is None else f"{found:.2f}"


def machine_line(shares: Sequence[float]) -> list[Line]:
    """What else used the processors, where it is known: on a busy machine the rates mean little."""
    if not shares:
        return []
    most = max(shares)
    hint = "" if most <= QUIET else ": not a quiet machine"
    return [Line("CPU that everything else used, most", f"{most:.0%}{hint}", f"≤ {QUIET:.0%}")]
