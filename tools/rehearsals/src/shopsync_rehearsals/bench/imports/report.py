"""The result as tables for people and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from shopsync_rehearsals.bench.imports.run import Measured
from shopsync_rehearsals.bench.lines import Line, all_good
from shopsync_rehearsals.tables import table


def memory_table(measured: Measured) -> Table:
    """The ingestor's memory at every tenth of the import."""
    rows = table("memory of the ingestor (RSS)", "products", "%", "seconds", "MiB now", "MiB, highest since the last")
    for step in measured.memory:
        products = step.done * measured.plan.products // 100
        rows.add_row(f"{products:,}", str(step.done), f"{step.seconds:.0f}", f"{step.now:.1f}", f"{step.highest:.1f}")
    return rows


def processor_table(measured: Measured) -> Table:
    """Processor seconds per process. They hardly depend on what else the machine does."""
    plan = measured.plan
    rows = table("processor time", "process", "CPU s", "ms / call", "ms / product page with its stock")
    for name, seconds in {**measured.cpu, "all": sum(measured.cpu.values())}.items():
        per_call, per_page = seconds * 1000 / plan.calls, seconds * 1000 / plan.product_pages
        rows.add_row(name, f"{seconds:.1f}", f"{per_call:.1f}", f"{per_page:.0f}")
    return rows


def as_json(measured: Measured, lines: Sequence[Line]) -> str:
    """The same as one JSON object."""
    document = asdict(measured) | {"lines": [asdict(line) for line in lines], "good": all_good(lines)}
    return json.dumps(document, ensure_ascii=False)
