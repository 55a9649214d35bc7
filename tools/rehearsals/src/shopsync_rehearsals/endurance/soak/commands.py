"""`python -m shopsync_sandbox soak`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopsync_rehearsals.bench.harness import Harness, run_benchmark
from shopsync_rehearsals.bench.lines import Line, all_good, report
from shopsync_rehearsals.endurance.soak.run import Soaked, SoakPlan
from shopsync_rehearsals.endurance.soak.run import soak as run_soak
from shopsync_rehearsals.endurance.soak.verdict import judge

_SHOWN = 10


def soak(
    *,
    minutes: Annotated[float, typer.Option(min=0.5, max=10_000, help="How long the load flows.")] = 10.0,
    products: Annotated[int, typer.Option(min=20, max=5_000, help="Products of the shop that is sold from.")] = 120,
    rate: Annotated[float, typer.Option(min=1, max=1_000, help="Messages a second of another shop.")] = 30.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same shop and messages.")] = 7,
    logs: Annotated[Path | None, typer.Option(help="Folder for the logs of all processes; kept.")] = None,
) -> None:
    """Let all five services work for a while, and judge whether what they hold grows. Exit code 1: it does.

    One shop gets changes, edits, switches, repeats and poison all the time. Another one is edited, imported, synced and
    swept in turn. Sampled are memory, descriptors, threads, tasks of the event loop and lag; the first quarter is not
    judged. At the end MongoDB is compared with the model.
    """
    plan = SoakPlan(minutes, products, rate, seed)
    run_benchmark(partial(_measure, plan), _conclude, logs=logs, as_json=False)


async def _measure(plan: SoakPlan, harness: Harness) -> Soaked:
    harness.screen.report(f"{harness.description}; {plan.minutes:g} minutes")
    return await run_soak(plan, harness.installation, harness.folder, harness.screen.progress)


def _conclude(soaked: Soaked, console: Console) -> bool:
    wrong = "; ".join(soaked.wrong[:_SHOWN])
    checked = f"{soaked.messages:,} messages, {soaked.rounds} rounds of the merchant"
    lines = [*judge(soaked.samples), Line("nothing lost, nothing invented", checked, "", not wrong, because=wrong)]
    console.print(report(lines, "what the services hold"))
    return all_good(lines)
