"""What the benchmarks' commands share: a broker and a database of their own, a folder for logs, an exit code."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import Console

from shopsync_rehearsals.demo.tables import Screen
from shopsync_testkit import kafka, mongo
from shopsync_testkit.backends import Unavailable, UnknownChoice
from shopsync_testkit.kafka import Broker
from shopsync_testkit.mongo import MongoServer
from shopsync_testkit.nodes import Controlled, ProcessNode

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a benchmark runs on. `resources` are given back when it ends."""

    broker: Broker
    server: MongoServer
    shown: Screen
    resources: contextlib.AsyncExitStack
    folder: Path
    """Logs of all processes."""

    @property
    def processes(self) -> dict[str, int | None]:
        """Process ids of the servers by name; None where one is no process of ours."""
        return {"Kafka": _pid(self.broker), "MongoDB": _pid(self.server)}


def judged(
    bench: Callable[[Ground], Awaitable[M]], conclude: Callable[[M, Console], bool], *, logs: Path | None, as_json: bool
) -> None:
    """Run a benchmark, print what `conclude` makes of it, and exit: 0 when it was good, else 1 with the logs kept."""
    folder = logs or Path(tempfile.mkdtemp(prefix="shopsync-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    console, good = Console(stderr=as_json), False
    try:
        good = conclude(asyncio.run(_on_ground(bench, folder, console)), console)
    except (RuntimeError, TimeoutError, Unavailable, UnknownChoice) as error:
        console.print(f"[red]{error}[/red]", highlight=False)
    finally:
        if good and logs is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            console.print(f"logs of all processes: {folder}", highlight=False)
    raise typer.Exit(0 if good else 1)


async def _on_ground(bench: Callable[[Ground], Awaitable[M]], folder: Path, console: Console) -> M:
    async with contextlib.AsyncExitStack() as resources:
        # Drawing costs processor time that the measured processes need.
        shown = resources.enter_context(Screen(console, refresh_per_second=1.0))
        broker, server = await asyncio.gather(
            resources.enter_async_context(kafka.broker()), resources.enter_async_context(mongo.server())
        )
        return await bench(Ground(broker, server, shown, resources, folder))


def _pid(server: Controlled) -> int | None:
    return server.node.pid if isinstance(server.node, ProcessNode) else None
