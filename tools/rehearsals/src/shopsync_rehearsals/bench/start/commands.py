"""`python -m shopsync_sandbox bench-start`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopsync_rehearsals.bench.harness import Harness, run_benchmark
from shopsync_rehearsals.bench.lines import all_good, report
from shopsync_rehearsals.bench.start.plan import Plan
from shopsync_rehearsals.bench.start.report import as_json as to_json
from shopsync_rehearsals.bench.start.report import judge, phases_table
from shopsync_rehearsals.bench.start.run import Run, Start


def bench_start(
    *,
    rounds: Annotated[int, typer.Option(min=1, help="Starts of each service.")] = 4,
    together: Annotated[bool, typer.Option(help="Start the four services at the same moment.")] = False,
    named: Annotated[bool, typer.Option(help="With SHOPSYNC_INSTANCE_ID, as in a StatefulSet.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    logs: Annotated[Path | None, typer.Option(help="Folder for the logs of all processes; kept.")] = None,
) -> None:
    """Start each service with a message waiting, and show where the seconds go. Exit code 1: one took too long.

    Kafka and MongoDB are running, the topics exist. Each phase ends where the service says so in its log.
    """
    plan = Plan(rounds=rounds, together=together, named=named)
    run_benchmark(partial(_measure, plan), partial(_conclude, plan, as_json=as_json), logs=logs, as_json=as_json)


async def _measure(plan: Plan, harness: Harness) -> list[Start]:
    harness.screen.report(harness.description)
    return await Run(plan, harness.installation, harness.folder).run()


def _conclude(plan: Plan, starts: list[Start], console: Console, *, as_json: bool) -> bool:
    lines = judge(plan, starts)
    if as_json:
        typer.echo(to_json(starts, lines))
    else:
        console.print(phases_table(starts))
        console.print(report(lines, "from the process's start to its first handled message"))
    return all_good(lines)
