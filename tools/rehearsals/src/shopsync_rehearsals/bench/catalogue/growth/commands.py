"""`python -m shopsync_sandbox bench-growth`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopsync_rehearsals.bench.catalogue.growth.plan import Measured, Part, Plan
from shopsync_rehearsals.bench.catalogue.growth.report import as_json as to_json
from shopsync_rehearsals.bench.catalogue.growth.report import tables
from shopsync_rehearsals.bench.catalogue.growth.run import Run
from shopsync_rehearsals.bench.catalogue.growth.verdict import judge
from shopsync_rehearsals.bench.harness import measure, run_benchmark
from shopsync_rehearsals.bench.lines import all_good, report


def bench_growth(
    *,
    part: Annotated[
        list[Part] | None, typer.Option(help="What to measure, repeated for several; by default all.")
    ] = None,
    products: Annotated[
        int, typer.Option(min=100, max=1_000_000, help="Products in MongoDB, compared with a hundredth of them.")
    ] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1, max=99, help="How often each number of products is measured.")] = 2,
    cache: Annotated[
        int,
        typer.Option(min=0, max=64, help="GB of MongoDB's cache; 0: the test kit's 0.25, which holds 50,000 products."),
    ] = 2,
    replicas: Annotated[
        list[int] | None, typer.Option(min=1, max=12, help="Replicas, repeated for several: 1, 2, 4.")
    ] = None,
    long: Annotated[int, typer.Option(min=100, max=10_000_000, help="Messages over which memory is watched.")] = 60_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same products.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    logs: Annotated[Path | None, typer.Option(help="Folder for the logs of all processes; kept.")] = None,
) -> None:
    """Measure the catalogue with more products, more replicas and more messages. Exit code 1: not good.

    products: updates with 10,000 and 1,000,000 products in MongoDB, nearly all written directly as copies of real ones.
    It takes 3 GB of disk. replicas: an import by 1, 2 and 4 of them. memory: RSS of one process over 60,000 updates.
    """
    plan = Plan(
        parts=tuple(one for one in Part if not part or one in part),
        few=products // 100,
        many=products,
        updates=min(Plan().updates, products // 100),
        rounds=rounds,
        cache=cache,
        replicas=tuple(replicas or Plan().replicas),
        long=long,
        seed=seed,
    )
    run_benchmark(partial(measure, Run, plan), partial(_conclude, as_json=as_json), logs=logs, as_json=as_json)


def _conclude(measured: Measured, console: Console, *, as_json: bool) -> bool:
    lines = judge(measured)
    if as_json:
        typer.echo(to_json(measured, lines))
    else:
        for one in tables(measured):
            console.print(one)
        console.print(report(lines, "the catalogue's growth"))
    return all_good(lines)
