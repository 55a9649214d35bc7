"""`python -m shopsync_sandbox bench-import`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopsync_rehearsals.bench.harness import Harness, run_benchmark
from shopsync_rehearsals.bench.imports.plan import Plan
from shopsync_rehearsals.bench.imports.report import as_json as to_json
from shopsync_rehearsals.bench.imports.report import memory_table, processor_table
from shopsync_rehearsals.bench.imports.run import Measured, Run
from shopsync_rehearsals.bench.imports.stack import running_on
from shopsync_rehearsals.bench.imports.verdict import judge
from shopsync_rehearsals.bench.lines import all_good, report


def bench_import(
    *,
    products: Annotated[int, typer.Option(min=1, max=10_000_000, help="Products of the shop.")] = 100_000,
    rate: Annotated[
        float, typer.Option(min=0.1, max=1000, help="Calls per second that futureshop allows; really it is 1.")
    ] = 4.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same products.")] = 7,
    patience: Annotated[
        float | None, typer.Option(min=1, help="Give up after so many seconds; by default it follows from the work.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    logs: Annotated[Path | None, typer.Option(help="Folder for the logs of all processes; kept.")] = None,
) -> None:
    """Import one large shop and judge counts, time and memory. Exit code 1: not good.

    The least possible time is ⌈N ÷ 250⌉ + ⌈N ÷ 100⌉ calls at the allowed rate, which the sandbox enforces. The time is
    the import's own, from its first request to its end, proof of absence included. Memory is the ingestor's RSS.
    """
    plan = Plan(products=products, rate=rate, seed=seed, patience=patience)
    run_benchmark(partial(_measure, plan), partial(_conclude, as_json=as_json), logs=logs, as_json=as_json)


async def _measure(plan: Plan, harness: Harness) -> Measured:
    screen = harness.screen
    screen.report(f"{harness.description}; {plan.least_seconds:.0f} s at the least")
    stack = await harness.resources.enter_async_context(running_on(harness.installation, plan, harness.folder))
    return await Run(plan, stack, screen.progress).run()


def _conclude(measured: Measured, console: Console, *, as_json: bool) -> bool:
    lines = judge(measured)
    if as_json:
        typer.echo(to_json(measured, lines))
    else:
        console.print(report(lines, f"import of {measured.plan.products:,} products"))
        console.print(memory_table(measured))
        console.print(processor_table(measured))
    return all_good(lines)
