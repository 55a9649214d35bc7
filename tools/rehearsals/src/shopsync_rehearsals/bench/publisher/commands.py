"""`python -m shopsync_sandbox bench-publisher`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopsync_rehearsals.bench.harness import Harness, run_benchmark
from shopsync_rehearsals.bench.lines import all_good, report
from shopsync_rehearsals.bench.profiled import folder_of
from shopsync_rehearsals.bench.publisher import quiet
from shopsync_rehearsals.bench.publisher.outcomes import connected
from shopsync_rehearsals.bench.publisher.plan import Plan
from shopsync_rehearsals.bench.publisher.quiet import MeasuredQuiet, Quiet, QuietRun
from shopsync_rehearsals.bench.publisher.report import as_json as to_json
from shopsync_rehearsals.bench.publisher.report import database_table, is_good, processor_table
from shopsync_rehearsals.bench.publisher.run import Measured, Run
from shopsync_rehearsals.bench.publisher.stack import running_on
from shopsync_rehearsals.bench.publisher.verdict import judge


def bench_publisher(
    *,
    products: Annotated[int, typer.Option(min=3, max=20_000, help="Products, dealt out evenly to the shops.")] = 1000,
    shops: Annotated[int, typer.Option(min=3, max=99, help="The last is throttled, the one before broken.")] = 20,
    images: Annotated[int, typer.Option(min=1, max=9, help="Different pictures of each product.")] = 6,
    rate: Annotated[float, typer.Option(min=1, help="Calls per second that TikTok Shop allows each shop.")] = 10.0,
    latency: Annotated[float, typer.Option(min=0, help="Milliseconds TikTok Shop takes for every call.")] = 200.0,
    replicas: Annotated[int, typer.Option(min=1, max=8, help="Publisher processes.")] = 1,
    disturbed: Annotated[
        float, typer.Option(min=1, help="Seconds of the 503s of one shop and of 1 call/s for another.")
    ] = 60.0,
    kill_every: Annotated[
        float | None, typer.Option(min=0.5, help="kill -9 a publisher about so many seconds after the last was ready.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same products and moments of the kills.")] = 7,
    patience: Annotated[
        float | None, typer.Option(min=1, help="Give up after so many seconds; by default it follows from the work.")
    ] = None,
    idle_shops: Annotated[
        int | None,
        typer.Option(min=2, max=5_000, help="Another measurement: so many shops, of which a few push now and then."),
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="Folder for profiles of the publishers, one file a process; it is slow then.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    logs: Annotated[Path | None, typer.Option(help="Folder for the logs of all processes; kept.")] = None,
) -> None:
    """Push products of many shops at once against a slow TikTok Shop, and judge what it saw. Exit code 1: not good.

    Every rate is taken from the sandbox's own record of arrivals, over all endpoints. A second is any second, not a
    calendar one, and refused calls count. The rate used by a healthy shop is its calls, less one, divided by the
    allowed rate times the seconds from its first call to its last upload or create: so long it had products to push.
    Readings of reviews count as calls, as TikTok Shop counts them. With --kill-every it is shown, not judged.

    With --idle-shops nothing is broken or throttled. Judged are the processor time while nothing happens, and how soon
    after its command a push makes its first call.
    """
    if idle_shops is not None:
        quiet_plan = Plan(
            products=idle_shops,
            shops=idle_shops,
            images=1,
            rate=rate,
            latency=latency / 1000,
            replicas=replicas,
            seed=seed,
            profiles=folder_of(profile),
        )
        run_benchmark(
            partial(_measure_quiet, quiet_plan), partial(_conclude_quiet, as_json=as_json), logs=logs, as_json=as_json
        )
    plan = Plan(
        products=products,
        shops=shops,
        images=images,
        rate=rate,
        latency=latency / 1000,
        replicas=replicas,
        kill_every=kill_every,
        seed=seed,
        throttled_seconds=disturbed,
        outage_seconds=disturbed,
        patience=patience,
        profiles=folder_of(profile),
    )
    run_benchmark(partial(_measure, plan), partial(_conclude, as_json=as_json), logs=logs, as_json=as_json)


async def _measure(plan: Plan, harness: Harness) -> Measured:
    installation, screen = harness.installation, harness.screen
    screen.report(f"{harness.description}; up to {plan.bound:.0f} s")
    stack = await harness.resources.enter_async_context(running_on(installation, plan, harness.folder))
    bus, outcomes = await harness.resources.enter_async_context(
        connected(installation.kafka_bootstrap, installation.topic_prefix)
    )
    return await Run(plan, stack, bus, outcomes, screen.progress).run()


async def _measure_quiet(plan: Plan, harness: Harness) -> MeasuredQuiet:
    installation, screen = harness.installation, harness.screen
    screen.report(f"{harness.description}; a minute, and the consents of {plan.shops} shops before")
    stack = await harness.resources.enter_async_context(running_on(installation, plan, harness.folder))
    bus, outcomes = await harness.resources.enter_async_context(
        connected(installation.kafka_bootstrap, installation.topic_prefix)
    )
    return await QuietRun(plan, Quiet(), stack, bus, outcomes, screen.progress).run()


def _conclude_quiet(measured: MeasuredQuiet, console: Console, *, as_json: bool) -> bool:
    lines = quiet.judge(measured)
    if as_json:
        typer.echo(quiet.as_json(measured, lines))
    else:
        console.print(report(lines, "publisher benchmark, idle shops"))
    return all_good(lines)


def _conclude(measured: Measured, console: Console, *, as_json: bool) -> bool:
    lines = judge(measured)
    if as_json:
        typer.echo(to_json(measured, lines))
    else:
        console.print(report(lines, "publisher benchmark"))
        console.print(processor_table(measured))
        console.print(database_table(measured))
    for text in measured.missing:
        console.print(f"[red]missing when the time was over: {text}[/red]", highlight=False)
    for text, times in [*measured.failures.items(), *measured.skipped.items()]:
        console.print(f"[yellow]reported {times} times: {text}[/yellow]", highlight=False)
    return is_good(measured, lines)
