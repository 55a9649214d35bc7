"""The result as tables for people and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median

from rich.table import Table

from shopsync_rehearsals.bench.catalogue.figures import OWN
from shopsync_rehearsals.bench.catalogue.growth.plan import Measured, Sample, Stretch
from shopsync_rehearsals.bench.lines import Line, all_good
from shopsync_rehearsals.tables import table

_SERVERS = ("Kafka", "MongoDB")
_SHOWN = 6


def tables(measured: Measured) -> list[Table]:
    """One table for each part that was measured."""
    found = []
    if measured.products:
        rows = {f"{size:,}": list(stretches) for size, stretches in measured.products.items()}
        found.append(_rates("updates, by the number of products in MongoDB", rows))
        if measured.filling is not None:
            found[-1].caption = f"documents written directly: {measured.filling:,.0f} a second"
    if measured.replicas:
        rows = {f"{number}": [stretch] for number, stretch in measured.replicas.items()}
        found.append(_rates("first import, by the number of replicas", rows))
    if measured.memory:
        found.append(_memory(measured.memory, measured.plan.long))
    return found


def _rates(title: str, rows: dict[str, list[Stretch]]) -> Table:
    made = table(f"{title}: messages per second, CPU ms per message", "", "msg/s", "CPU", *_SERVERS)
    for name, stretches in rows.items():
        cpu = [_cpu(stretches, process) for process in (OWN, *_SERVERS)]
        made.add_row(name, f"{median(one.rate for one in stretches):,.0f}", *cpu)
    return made


def _cpu(stretches: Sequence[Stretch], process: str) -> str:
    known = [one.cpu[process] for one in stretches if process in one.cpu]
    return f"{median(known):.3f}" if known else "-"


def _memory(samples: Sequence[Sample], total: int) -> Table:
    made = table("the catalogue's memory, MiB, medians", "messages", "MiB")
    for place in range(_SHOWN):
        low, high = total * place / _SHOWN, total * (place + 1) / _SHOWN
        if known := [one.mib for one in samples if low < one.done <= high]:
            made.add_row(f"to {high:,.0f}", f"{median(known):,.1f}")
    return made


def as_json(measured: Measured, lines: Sequence[Line]) -> str:
    """The same as one JSON object."""
    document = {**asdict(measured), "lines": [asdict(line) for line in lines], "good": all_good(lines)}
    return json.dumps(document, ensure_ascii=False)
