"""`python -m shopsync_sandbox bench-catalogue`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopsync_rehearsals.bench.catalogue.figures import Measured
from shopsync_rehearsals.bench.catalogue.plan import Kind, Phase, Plan
from shopsync_rehearsals.bench.catalogue.report import as_json as to_json
from shopsync_rehearsals.bench.catalogue.report import parts_table, work_table
from shopsync_rehearsals.bench.catalogue.run import Run
from shopsync_rehearsals.bench.catalogue.verdict import judge
from shopsync_rehearsals.bench.harness import measure, run_benchmark
from shopsync_rehearsals.bench.lines import all_good, report
from shopsync_rehearsals.bench.profiled import folder_of


def bench_catalogue(
    *,
    messages: Annotated[
        int, typer.Option(min=100, max=1_000_000, help="Messages of each phase; a tenth for one-by-one.")
    ] = 20_000,
    rounds: Annotated[int, typer.Option(min=1, max=99, help="Medians are taken over so many rounds.")] = 3,
    contenders: Annotated[
        list[Kind] | None, typer.Option(help="Whom to measure, repeated for several; by default all.")
    ] = None,
    phases: Annotated[
        list[Phase] | None, typer.Option(help="What to show, repeated for several; by default all.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same products.")] = 7,
    patience: Annotated[
        float | None, typer.Option(min=1, help="Seconds for one phase of one contender; by default from the messages.")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="Folder for profiles of the catalogue, one file a phase; it is slow then.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    logs: Annotated[Path | None, typer.Option(help="Folder for the logs of all processes; kept.")] = None,
) -> None:
    """Bring the same messages into MongoDB with the catalogue and by other ways, and compare. Exit code 1: not good.

    catalogue is the service. raw-loop reads, writes and publishes in batches without rules. one-by-one is an ordinary
    FastStream service. connect is Kafka Connect with the MongoDB sink; it publishes no snapshots.

    Each phase works on what the one before has left: first-import (new products), update (newer 更新日, other name and
    price), nothing-changed (observed again), re-delivery (the group's offsets are set back), in-a-row (ten versions of
    each product). Phases before the last one that is shown are always run.

    Examples:
    bench-catalogue

    bench-catalogue --messages 2000 --rounds 1 --phases first-import

    bench-catalogue --contenders catalogue --contenders raw-loop --json
    """
    plan = Plan(
        messages=messages,
        rounds=rounds,
        seed=seed,
        contenders=tuple(kind for kind in Kind if not contenders or kind in contenders),
        phases=tuple(phase for phase in Phase if not phases or phase in phases),
        patience=patience,
        profiles=folder_of(profile),
    )
    run_benchmark(partial(measure, Run, plan), partial(_conclude, as_json=as_json), logs=logs, as_json=as_json)


def _conclude(measured: Measured, console: Console, *, as_json: bool) -> bool:
    lines = judge(measured)
    if as_json:
        typer.echo(to_json(measured, lines))
    else:
        console.print(work_table(measured))
        console.print(report(lines, f"the catalogue, {measured.plan.messages:,} messages a phase"))
        if measured.parts:
            console.print(parts_table(measured))
    return all_good(lines)
