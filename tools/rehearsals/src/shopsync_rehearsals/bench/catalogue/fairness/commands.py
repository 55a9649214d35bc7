"""`python -m shopsync_sandbox bench-fairness`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopsync_rehearsals.bench.catalogue.fairness.plan import Measured, Plan
from shopsync_rehearsals.bench.catalogue.fairness.run import Run
from shopsync_rehearsals.bench.catalogue.fairness.verdict import as_json as to_json
from shopsync_rehearsals.bench.catalogue.fairness.verdict import judge
from shopsync_rehearsals.bench.harness import measure, run_benchmark
from shopsync_rehearsals.bench.lines import all_good, report


def bench_fairness(
    *,
    backlog: Annotated[int, typer.Option(min=1000, max=1_000_000, help="Changes of one shop that wait.")] = 100_000,
    every: Annotated[float, typer.Option(min=0.01, max=60, help="Seconds between two edits of the other shop.")] = 0.2,
    seed: Annotated[int, typer.Option(help="The same seed gives the same products.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
    logs: Annotated[Path | None, typer.Option(help="Folder for the logs of all processes; kept.")] = None,
) -> None:
    """Edit one shop's products while another shop's import waits in the topic. Exit code 1: not good.

    Each edit has to be in its product's snapshot within two seconds, at the 99th percentile. Changes of futureshop
    share their topic with the import and wait behind it; their delay is shown.
    """
    plan = Plan(backlog=backlog, every=every, seed=seed)
    run_benchmark(partial(measure, Run, plan), partial(_conclude, as_json=as_json), logs=logs, as_json=as_json)


def _conclude(measured: Measured, console: Console, *, as_json: bool) -> bool:
    lines = judge(measured)
    if as_json:
        typer.echo(to_json(measured, lines))
    else:
        console.print(report(lines, f"one shop's edits beside {measured.plan.backlog:,} changes of another"))
    return all_good(lines)
