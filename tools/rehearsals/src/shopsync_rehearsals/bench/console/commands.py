"""`python -m shopsync_sandbox bench-console`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopsync_rehearsals.bench.console.plan import Measured, Plan
from shopsync_rehearsals.bench.console.report import as_json as to_json
from shopsync_rehearsals.bench.console.report import processor_table, times_table
from shopsync_rehearsals.bench.console.run import Run
from shopsync_rehearsals.bench.console.stack import running_on
from shopsync_rehearsals.bench.console.verdict import judge
from shopsync_rehearsals.bench.harness import Harness, run_benchmark
from shopsync_rehearsals.bench.lines import all_good, report


def bench_console(
    *,
    products: Annotated[int, typer.Option(min=100, max=1_000_000, help="Products of each shop.")] = 100_000,
    shops: Annotated[int, typer.Option(min=1, max=99, help="Shops over which the merchants are spread.")] = 5,
    merchants: Annotated[int, typer.Option(min=1, max=1000, help="Merchants at once.")] = 50,
    replicas: Annotated[int, typer.Option(min=1, max=9, help="Processes of the console.")] = 1,
    think: Annotated[float, typer.Option(min=0.1, max=60, help="Seconds between clicks, on average.")] = 4.0,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="Of one stage of a round.")] = 30.0,
    rounds: Annotated[int, typer.Option(min=1, max=99, help="How often one and all take turns.")] = 3,
    seed: Annotated[int, typer.Option(help="The same seed gives the same shops and clicks.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    logs: Annotated[Path | None, typer.Option(help="Folder for the logs of all processes; kept.")] = None,
) -> None:
    """Let merchants open lists, filters and products, one alone and all at once. Exit code 1: not good.

    Every merchant has a session and a stream of changes. One alone and all of them take turns, so both meet the same
    machine. Products are written directly as copies of real ones: 500,000 take 1.5 GB of disk.
    """
    plan = Plan(products, shops, merchants, replicas, think, seconds, min(15.0, seconds), rounds, seed=seed)
    run_benchmark(partial(_measure, plan), partial(_conclude, as_json=as_json), logs=logs, as_json=as_json)


async def _measure(plan: Plan, harness: Harness) -> Measured:
    screen = harness.screen
    screen.report(harness.description)
    stack = await harness.resources.enter_async_context(
        running_on(harness.installation, plan, harness.folder, screen.progress)
    )
    return await Run(plan, stack, screen.progress).run()


def _conclude(measured: Measured, console: Console, *, as_json: bool) -> bool:
    lines = judge(measured)
    if as_json:
        typer.echo(to_json(measured, lines))
    else:
        console.print(times_table(measured))
        console.print(processor_table(measured))
        plan = measured.plan
        console.print(report(lines, f"{plan.merchants} merchants, shops of {plan.products:,} products"))
    return all_good(lines)
