"""`python -m shopsync_sandbox demo`: the whole pipeline on one machine, checked at the end."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shopsync_rehearsals.bus import Follower, connected
from shopsync_rehearsals.demo import report
from shopsync_rehearsals.demo.checks import findings
from shopsync_rehearsals.demo.hints import addresses
from shopsync_rehearsals.demo.keeping import look_after
from shopsync_rehearsals.demo.merchant import make_account
from shopsync_rehearsals.demo.other_system import interfering
from shopsync_rehearsals.demo.sizes import sizes as measured_sizes
from shopsync_rehearsals.demo.stack import SHOP, Plan, Stack, running
from shopsync_rehearsals.demo.story import Outcome, Story
from shopsync_rehearsals.progress import Screen

INSTALL_SECONDS = "SHOPSYNC_DEMO_INSTALL_SECONDS"
"""Set by the Makefile: how long the install took before this program could start."""
BEGAN = "SHOPSYNC_DEMO_BEGAN"
"""Set by the Makefile: when its command began, in Unix seconds. Unset: this program's first step counts as that."""


def demo(
    *,
    products: Annotated[int, typer.Option(min=20, help="Products of the generated shop.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same shop and the same choices.")] = 7,
    keep: Annotated[bool, typer.Option(help="Keep everything running afterwards, until Ctrl-C.")] = False,
    transactions: Annotated[
        bool,
        typer.Option(help="Beside another system that writes in Kafka transactions and aborts some."),
    ] = False,
    sizes: Annotated[bool, typer.Option(help="Also print what the products take in MongoDB and Kafka.")] = False,
    logs: Annotated[Path | None, typer.Option(help="Folder for the logs of all processes; kept.")] = None,
    patience: Annotated[
        float | None,
        typer.Option(min=1, help="Longest wait for one step, in seconds; by default it grows with --products."),
    ] = None,
) -> None:
    """Start everything on loopback, run a merchant's story, check the result. Exit code 1 when anything is wrong."""
    plan = Plan(products=products, seed=seed)
    folder = logs or Path(tempfile.mkdtemp(prefix="shopsync-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    console = Console()
    good = False
    try:
        good = asyncio.run(
            _demo(
                plan,
                folder,
                console,
                keep=keep,
                transactions=transactions,
                sizes=sizes,
                patience=patience or 60 + products * 0.25,
            )
        )
    except (TimeoutError, RuntimeError) as error:
        console.print(f"[red]{error}[/red]", highlight=False)
    finally:
        if good and logs is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            console.print(f"logs of all processes: {folder}", highlight=False)
    raise typer.Exit(0 if good else 1)


async def _demo(
    plan: Plan, folder: Path, console: Console, *, keep: bool, transactions: bool, sizes: bool, patience: float
) -> bool:
    began = float(os.environ.get(BEGAN) or time.time())
    split = {"install": float(os.environ.get(INSTALL_SECONDS) or 0.0)}
    async with contextlib.AsyncExitStack() as resources:
        with Screen(console) as screen:
            stack = await resources.enter_async_context(running(plan, folder, screen.report))
            ready = time.time() - began
            split["start"] = ready - split["install"]
            screen.report(f"all services ready {ready:.1f} s after the command")
            running_since = time.monotonic()
            bus, follower = await resources.enter_async_context(
                connected(stack.installation.kafka_bootstrap, stack.installation.topic_prefix, shop=SHOP)
            )
            story = Story(stack, plan, bus, follower, progress=screen.progress, patience=patience)
            if transactions:
                outcome, others = await _beside_another(story, stack, follower, patience)
            else:
                outcome, others = await story.run(), []
            split["run"] = time.monotonic() - running_since
        good = _conclude(outcome, others, split, console)
        for one in await measured_sizes(stack) if sizes else []:
            console.print(one)
        if keep:
            await _keep(stack, console)
    return good


async def _beside_another(story: Story, stack: Stack, follower: Follower, patience: float) -> tuple[Outcome, list[str]]:
    """Run the story while another system writes in transactions. Also returns what is wrong with that system's data."""
    installation = stack.installation
    async with interfering(installation.kafka_bootstrap, installation.topic_prefix, follower) as other:
        outcome = await story.run()
    with contextlib.suppress(TimeoutError):
        await follower.until(lambda: not other.findings(), seconds=patience, what="the other system's products")
    return outcome, other.findings()


def _conclude(outcome: Outcome, others: list[str], split: dict[str, float], console: Console) -> bool:
    for table in report.summary(outcome):
        console.print(table)
    console.print(report.seconds(outcome.seconds))
    console.print(report.seconds(split))
    if outcome.facts is None:
        raise RuntimeError("the story ended without facts to check")
    found = findings(outcome.facts) + others
    for finding in found:
        console.print(f"[red]off: {finding}[/red]", highlight=False)
    if not found:
        listed, skus = len(outcome.facts.listed), len(outcome.facts.stock_writes_per_sku)
        console.print(
            f"[green]checked against the sandboxes: {listed} listings, each created once; "
            f"stock of {skus} SKUs sent once; no delete or deactivate call; nothing written to futureshop[/green]",
            highlight=False,
        )
    return not found


async def _keep(stack: Stack, console: Console) -> None:
    """Wait for SIGINT or SIGTERM."""
    login = await make_account(stack.installation, SHOP)
    console.print(addresses(stack, login), highlight=False, markup=False, soft_wrap=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await look_after(
        stack.services,
        stack.folder,
        stop,
        lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True),
    )
