"""The result as tables for people and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from shopsync_rehearsals.bench.lines import Line, all_good
from shopsync_rehearsals.bench.publisher.run import Measured
from shopsync_rehearsals.tables import table


def processor_table(measured: Measured) -> Table:
    """Processor seconds per process. They hardly depend on what else the machine does."""
    calls = sum(map(len, measured.calls.values()))
    rows = table("processor time from the commands to the end", "process", "CPU s", "ms / product", "ms / TikTok call")
    for name, seconds in {**measured.cpu, "all": sum(measured.cpu.values())}.items():
        per_product, per_call = seconds * 1000 / measured.products, seconds * 1000 / max(calls, 1)
        rows.add_row(name, f"{seconds:.1f}", f"{per_product:.1f}", f"{per_call:.1f}")
    return rows


def database_table(measured: Measured) -> Table:
    """What MongoDB was asked. The counts hardly depend on the machine."""
    calls = sum(map(len, measured.calls.values()))
    rows = table("MongoDB commands from the commands to the end", "command", "times", "per product", "per TikTok call")
    for name, times in {**measured.asked, "all": sum(measured.asked.values())}.items():
        rows.add_row(name, f"{times}", f"{times / measured.products:.2f}", f"{times / max(calls, 1):.3f}")
    return rows


def as_json(measured: Measured, lines: Sequence[Line]) -> str:
    """The same as one JSON object."""
    document = {
        "plan": asdict(measured.plan),
        "seconds": round(measured.lasted, 1),
        "tiktok_calls": sum(map(len, measured.calls.values())),
        "by_operation": measured.summary["requests"]["by_operation"],
        "lines": [asdict(line) for line in lines],
        "cpu_seconds": {name: round(seconds, 2) for name, seconds in measured.cpu.items()},
        "mongodb_commands": measured.asked,
        "failures": measured.failures,
        "skipped": measured.skipped,
        "missing": measured.missing,
        "good": is_good(measured, lines),
    }
    return json.dumps(document, ensure_ascii=False)


def is_good(measured: Measured, lines: Sequence[Line]) -> bool:
    """Whether no line failed and nothing is missing."""
    return not measured.missing and all_good(lines)
