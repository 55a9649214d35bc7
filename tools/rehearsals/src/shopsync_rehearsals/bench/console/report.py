"""The result as tables for people and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from shopsync_rehearsals.bench.console.plan import Kind, Measured, middle, slow
from shopsync_rehearsals.bench.lines import Line, all_good
from shopsync_rehearsals.tables import table


def times_table(measured: Measured) -> Table:
    """Milliseconds until a page was there."""
    rows = table("milliseconds: median, p95", "who", "pages / s", *Kind, "all")
    for name, stage in measured.stages.items():
        cells = [_cell(stage.times(kind)) for kind in (*Kind, None)]
        rows.add_row(name, f"{stage.rate:.1f}", *cells)
    return rows


def processor_table(measured: Measured) -> Table:
    """Processor time per page. It hardly depends on what else the machine does."""
    names = list(measured.together.cpu)
    rows = table("processor time, ms per page", "who", *names)
    for name, stage in measured.stages.items():
        pages = max(1, len(stage.clicks))
        rows.add_row(name, *(f"{stage.cpu.get(one, 0.0) * 1000 / pages:.1f}" for one in names))
    return rows


def as_json(measured: Measured, lines: Sequence[Line]) -> str:
    """The same as one JSON object."""
    stages = {
        name: {
            "rate": stage.rate,
            "cpu": dict(stage.cpu),
            "times": {kind.value: [middle(stage.times(kind)), slow(stage.times(kind))] for kind in Kind},
        }
        for name, stage in measured.stages.items()
    }
    document = {"plan": asdict(measured.plan), "stages": stages, "lines": [asdict(line) for line in lines]}
    return json.dumps(document | {"good": all_good(lines)}, ensure_ascii=False)


def _cell(times: Sequence[float]) -> str:
    found = middle(times), slow(times)
    return ", ".join("-" if one is None else f"{one * 1000:.0f}" for one in found)
