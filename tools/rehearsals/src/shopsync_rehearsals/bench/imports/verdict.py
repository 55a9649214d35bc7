"""What was promised of an import, what was measured, and whether it fits. Pure, and as tables."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from shopsync_rehearsals.bench.imports.memory import growth
from shopsync_rehearsals.bench.imports.run import ImportMeasured
from shopsync_rehearsals.bench.publisher.verdict import Line

MOST_TIME = 1.05
MOST_GROWTH = 0.10

_WORDS = {True: "[green]good[/green]", False: "[red]FAILED[/red]", None: "[dim]-[/dim]"}


def judge_import(measured: ImportMeasured) -> list[Line]:
    """Every line of the report."""
    plan, calls = measured.plan, measured.calls
    share, grown = measured.seconds / plan.least_seconds, growth(measured.memory)
    return [
        Line("the import", measured.failure or "completed", "completed", not measured.failure),
        _equal("products read", measured.read, plan.products),
        _equal("products published", measured.changed, plan.products),
        _equal("products refused", measured.not_taken, 0),
        _equal("messages on product-changes.v1", measured.messages, plan.products),
        _equal("products known to be present", measured.present, plan.products),
        Line("a complete listing, proof of absence", str(measured.proven), "True", measured.proven),
        _equal("calls of the product search", calls.get("products", 0), plan.product_pages),
        _equal("calls of the stock search", calls.get("inventory", 0), plan.stock_pages),
        Line("calls answered with an error", str(measured.refused), "0", measured.refused == 0, is_speed=True),
        Line("seconds at the least", f"{plan.least_seconds:.1f}", f"{plan.calls} calls at {plan.rate:g}/s"),
        Line("seconds", f"{measured.seconds:.1f}"),
        Line("time of the least possible", f"{share:.1%}", f"≤ {MOST_TIME:.0%}", share <= MOST_TIME, is_speed=True),
        Line(
            "memory: growth after the first fifth", "-" if grown is None else f"{grown:+.1%}", f"≤ {MOST_GROWTH:.0%}",
            None if grown is None else grown <= MOST_GROWTH, is_speed=True,
        ),
    ]  # fmt: skip


def import_report(lines: Sequence[Line], plan_text: str) -> Table:
    """One row per line, with its verdict."""
    table = _table(plan_text, "what", "measured", "wanted", "verdict")
    for line in lines:
        table.add_row(line.what, line.measured, line.wanted, _WORDS[line.good])
    return table


def memory_table(measured: ImportMeasured) -> Table:
    """The ingestor's memory at every tenth."""
    table = _table("memory of the ingestor (RSS)", "products", "%", "seconds", "MiB now", "MiB, highest since the last")
    for step in measured.memory:
        products = step.done * measured.plan.products // 100
        table.add_row(f"{products:,}", str(step.done), f"{step.seconds:.0f}", f"{step.now:.1f}", f"{step.highest:.1f}")
    return table


def processor_table(measured: ImportMeasured) -> Table:
    """Processor seconds per process: they hardly depend on what else the machine does."""
    plan = measured.plan
    table = _table("processor time", "process", "CPU s", "ms / call", "ms / product page with its stock")
    spent = {**measured.cpu, "all": sum(measured.cpu.values())}
    for name, seconds in spent.items():
        per_call, per_page = seconds * 1000 / plan.calls, seconds * 1000 / plan.product_pages
        table.add_row(name, f"{seconds:.1f}", f"{per_call:.1f}", f"{per_page:.0f}")
    return table


def import_json(measured: ImportMeasured, lines: Sequence[Line]) -> str:
    """The same as one JSON object."""
    document = asdict(measured) | {"lines": [asdict(line) for line in lines], "good": import_is_good(lines)}
    return json.dumps(document, ensure_ascii=False)


def import_is_good(lines: Sequence[Line]) -> bool:
    """Whether nothing failed."""
    return all(line.good is not False for line in lines)


def _equal(what: str, measured: int, wanted: int) -> Line:
    return Line(what, f"{measured:,}", f"{wanted:,}", measured == wanted)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table
