"""`python -m shopsync_sandbox bench-latency`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopsync_rehearsals.bench.catalogue.latency.plan import Measured, Plan
from shopsync_rehearsals.bench.catalogue.latency.report import as_json as to_json
from shopsync_rehearsals.bench.catalogue.latency.report import levels_table
from shopsync_rehearsals.bench.catalogue.latency.run import Run
from shopsync_rehearsals.bench.catalogue.latency.verdict import judge
from shopsync_rehearsals.bench.harness import measure, run_benchmark
from shopsync_rehearsals.bench.lines import all_good, report


def bench_latency(
    *,
    products: Annotated[
        int, typer.Option(min=100, max=100_000, help="Products whose updates are sent, in turn.")
    ] = 5000,
    messages: Annotated[
        int, typer.Option(min=100, max=1_000_000, help="Messages that tell the sustained rate.")
    ] = 30_000,
    share: Annotated[
        list[int] | None, typer.Option(min=1, max=100, help="Percent of that rate, repeated for several: 10, 50, 80.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long at each rate.")] = 20,
    rounds: Annotated[int, typer.Option(min=1, max=99, help="Medians are taken over so many rounds.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same products.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    logs: Annotated[Path | None, typer.Option(help="Folder for the logs of all processes; kept.")] = None,
) -> None:
    """Measure how long a change takes until its snapshot can be read. Exit code 1: not good.

    The catalogue and the raw loop of bench-catalogue get updates at a steady pace: 10, 50 and 80 % of what the
    catalogue works off in a second. Counted from the broker's acknowledgement until a consumer has the snapshot.
    """
    shares = tuple(share or Plan().shares)
    plan = Plan(products=products, messages=messages, shares=shares, seconds=seconds, rounds=rounds, seed=seed)
    run_benchmark(partial(measure, Run, plan), partial(_conclude, as_json=as_json), logs=logs, as_json=as_json)


def _conclude(measured: Measured, console: Console, *, as_json: bool) -> bool:
    lines = judge(measured)
    if as_json:
        typer.echo(to_json(measured, lines))
    else:
        console.print(levels_table(measured))
        console.print(report(lines, "the catalogue's delay"))
    return all_good(lines)
