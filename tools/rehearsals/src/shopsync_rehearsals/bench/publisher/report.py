"""The report as tables for people and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from shopsync_rehearsals.bench.publisher.run import Measured
from shopsync_rehearsals.bench.publisher.verdict import Line

_WORDS = {True: "[green]good[/green]", False: "[red]FAILED[/red]", None: "[dim]-[/dim]"}


def report(lines: Sequence[Line]) -> Table:
    """One row per line, with its verdict."""
    table = _table("publisher benchmark", "what", "measured", "wanted", "verdict")
    for line in lines:
        reason = f": {line.because}" if line.because else ""
        table.add_row(line.what, line.measured, line.wanted, _WORDS[line.good] + reason)
    return table


def processor(measured: Measured) -> Table:
    """Processor seconds per process: they hardly depend on what else the machine does."""
    calls = sum(map(len, measured.calls.values()))
    table = _table(
        "processor time from the commands to the end", "process", "CPU s", "ms / product", "ms / TikTok call"
    )
    for name, seconds in measured.cpu.items():
        per_product, per_call = seconds * 1000 / measured.products, seconds * 1000 / max(calls, 1)
        table.add_row(name, f"{seconds:.1f}", f"{per_product:.1f}", f"{per_call:.1f}")
    total = sum(measured.cpu.values())
    table.add_row(
        "all", f"{total:.1f}", f"{total * 1000 / measured.products:.1f}", f"{total * 1000 / max(calls, 1):.1f}"
    )
    return table


def as_json(measured: Measured, lines: Sequence[Line]) -> str:
    """The same as one JSON object."""
    document = {
        "plan": asdict(measured.plan),
        "seconds": round(measured.lasted, 1),
        "tiktok_calls": sum(map(len, measured.calls.values())),
        "by_operation": measured.summary["requests"]["by_operation"],
        "lines": [asdict(line) for line in lines],
        "cpu_seconds": {name: round(seconds, 2) for name, seconds in measured.cpu.items()},
        "failures": measured.failures,
        "skipped": measured.skipped,
        "missing": measured.missing,
        "good": is_good(measured, lines),
    }
    return json.dumps(document, ensure_ascii=False)


def is_good(measured: Measured, lines: Sequence[Line]) -> bool:
    """Whether nothing failed and nothing is missing."""
    return not measured.missing and all(line.good is not False for line in lines)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table
