"""`python -m shopsync_sandbox bench-import`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopsync_rehearsals.bench.harness import Ground, judged
from shopsync_rehearsals.bench.imports.plan import ImportPlan
from shopsync_rehearsals.bench.imports.run import ImportBench, ImportMeasured, import_stack
from shopsync_rehearsals.bench.imports.verdict import (
    import_is_good,
    import_json,
    import_report,
    judge_import,
    memory_table,
    processor_table,
)
from shopsync_rehearsals.bench.usage import Meter


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
    plan = ImportPlan(products=products, rate=rate, seed=seed, patience=patience)
    judged(partial(_bench, plan), partial(_conclude, as_json=as_json), logs=logs, as_json=as_json)


async def _bench(plan: ImportPlan, ground: Ground) -> ImportMeasured:
    broker, server, shown = ground.broker, ground.server, ground.shown
    shown.tell(f"{broker.describe()}; {server.describe()}; {plan.least_seconds:.0f} s at the least")
    stack = await ground.resources.enter_async_context(
        import_stack(plan, ground.folder, kafka_bootstrap=broker.bootstrap_servers, mongo_uri=server.uri)
    )
    return await ImportBench(plan, stack, meter=Meter(), servers=ground.processes, progress=shown.progress).run()


def _conclude(measured: ImportMeasured, console: Console, *, as_json: bool) -> bool:
    lines = judge_import(measured)
    if as_json:
        typer.echo(import_json(measured, lines))
    else:
        console.print(import_report(lines, f"import of {measured.plan.products:,} products"))
        console.print(memory_table(measured))
        console.print(processor_table(measured))
    return import_is_good(lines)
