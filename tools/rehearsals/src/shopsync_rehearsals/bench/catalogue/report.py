"""The result as tables for people and as JSON for programs."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial

from rich.table import Table

from shopsync_rehearsals.bench.catalogue.figures import OWN, Effort, Measured, cpu_ratio, middle, rate_ratio
from shopsync_rehearsals.bench.catalogue.plan import Kind, Phase
from shopsync_rehearsals.bench.lines import Line, all_good
from shopsync_rehearsals.tables import table

_SERVERS = ("Kafka", "MongoDB")


def work_table(measured: Measured) -> Table:
    """Medians over the rounds, one row per phase and contender. The last two columns: the catalogue's divided by it."""
    plan = measured.plan
    columns = ("", "msg/s", "CPU", *_SERVERS, "MiB", "msg/s ÷", "CPU ÷")
    rows = table(f"messages per second, CPU ms per message, memory: medians of {plan.rounds} rounds", *columns)
    rows.caption = f"÷: the catalogue's divided by it. {Kind.CONNECT} publishes no snapshots."
    for phase in plan.phases:
        rows.add_row(f"[bold]{phase}[/bold]")
        for kind in plan.contenders:
            if kind not in measured.skipped:
                rows.add_row(kind, *_row(measured, kind, phase))
        rows.add_section()
    return rows


def _row(measured: Measured, kind: Kind, phase: Phase) -> list[str]:
    def number(value: Callable[[Effort], float | None], digits: int) -> str:
        return _number(middle(measured.efforts, kind, phase, value), digits)

    return [
        number(lambda one: one.rate, 0),
        *(number(partial(_cpu, name), 3) for name in (OWN, *_SERVERS)),
        number(lambda one: one.memory, 0),
        _number(rate_ratio(measured, kind, phase), 2),
        _number(cpu_ratio(measured, kind, phase), 2),
    ]


def _cpu(name: str, effort: Effort) -> float | None:
    return effort.cpu.get(name)


def parts_table(measured: Measured) -> Table:
    """What the catalogue's own functions take, measured one by one in a process without servers."""
    phases = list(measured.parts)
    rows = table("parts of the catalogue's work, CPU µs / message", "part", *phases)
    for part in max(measured.parts.values(), key=len):  # a phase that has all parts, in their order
        rows.add_row(part, *(_number(measured.parts[phase].get(part), 0) for phase in phases))
    rows.add_row("all", *(_number(sum(measured.parts[phase].values()), 0) for phase in phases))
    return rows


def as_json(measured: Measured, lines: Sequence[Line]) -> str:
    """The same as one JSON object, with every round."""
    document = {
        "plan": asdict(measured.plan),
        "rounds": [[_effort(effort) for effort in efforts] for efforts in measured.rounds],
        "skipped": measured.skipped,
        "parts": measured.parts,
        "lines": [asdict(line) for line in lines],
        "good": all_good(lines),
    }
    return json.dumps(document, ensure_ascii=False)


def _effort(effort: Effort) -> dict[str, object]:
    return {**asdict(effort), "rate": round(effort.rate, 1), "problems": effort.problems}


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
