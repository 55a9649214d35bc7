"""What the benchmarks' commands share: their own Kafka and MongoDB, a folder for logs, an exit code."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import typer
from rich.console import Console

from shopsync_rehearsals.installation import Installation
from shopsync_rehearsals.progress import Screen
from shopsync_testkit import kafka, mongo
from shopsync_testkit.backends import Unavailable, UnknownChoice

M = TypeVar("M")
P = TypeVar("P")
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Harness:
    """What a benchmark runs on. `resources` are released when it ends; `folder` receives the logs of all processes."""

    installation: Installation
    description: str
    screen: Screen
    resources: contextlib.AsyncExitStack
    folder: Path


def run_benchmark(
    measure: Callable[[Harness], Awaitable[M]],
    conclude: Callable[[M, Console], bool],
    *,
    logs: Path | None,
    as_json: bool,
) -> None:
    """Measure, print the result with `conclude`, and exit: 0 when it was good, else 1 with the logs kept."""
    folder = logs or Path(tempfile.mkdtemp(prefix="shopsync-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    console, good = Console(stderr=as_json), False
    try:
        good = conclude(asyncio.run(_measured(measure, folder, console)), console)
    except (RuntimeError, TimeoutError, Unavailable, UnknownChoice) as error:
        console.print(f"[red]{error}[/red]", highlight=False)
    finally:
        if good and logs is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            console.print(f"logs of all processes: {folder}", highlight=False)
    raise typer.Exit(0 if good else 1)


class _Run(Protocol[R_co]):
    async def run(self) -> R_co:
        """Measure."""


async def measure(run: Callable[[P, Installation, Path, Callable[..., None]], _Run[M]], plan: P, harness: Harness) -> M:
    """Say what it runs on, then run the plan."""
    harness.screen.report(harness.description)
    return await run(plan, harness.installation, harness.folder, harness.screen.progress).run()


async def _measured(measure: Callable[[Harness], Awaitable[M]], folder: Path, console: Console) -> M:
    async with contextlib.AsyncExitStack() as resources:
        # Drawing costs processor time that the measured processes need.
        screen = resources.enter_context(Screen(console, refresh_per_second=1.0))
        broker, server = await asyncio.gather(
            resources.enter_async_context(kafka.broker()), resources.enter_async_context(mongo.server())
        )
        description = f"{broker.describe()}; {server.describe()}"
        return await measure(Harness(Installation.on(broker, server), description, screen, resources, folder))
