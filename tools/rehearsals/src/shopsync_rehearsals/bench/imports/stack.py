"""A futureshop with one shop and an ingestor, each a process of its own."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shopsync_rehearsals.bench.imports.plan import Plan
from shopsync_rehearsals.installation import Installation, apply_topics, write_shops_file
from shopsync_testkit.processes import ServiceProcess, start_announced


@dataclass(slots=True)
class Stack:
    """A running system. `futureshop` is the sandbox's ready line."""

    installation: Installation
    futureshop: dict[str, Any]
    futureshop_pid: int
    ingestor: ServiceProcess


@contextlib.asynccontextmanager
async def running_on(installation: Installation, plan: Plan, folder: Path) -> AsyncIterator[Stack]:
    """Start it, topics included, on a Kafka and a MongoDB that are already running; stop it at the end of the block."""
    settings = installation.settings()
    command = [sys.executable, "-m", "shopsync_sandbox", "futureshop", "--seed", str(plan.seed)]
    command += ["--shop", f"{plan.shop_key}:{plan.products}", "--requests-per-second", str(plan.rate)]
    async with contextlib.AsyncExitStack() as resources:
        (child, facts), _ = await asyncio.gather(
            start_announced("futureshop", command, log=folder / "futureshop.log"), apply_topics(settings, folder)
        )
        resources.push_async_callback(child.terminate, 5.0)
        own = {
            "INGESTOR_SHOPS_FILE": str(write_shops_file(folder, facts)),
            "INGESTOR_REQUESTS_PER_SECOND": str(plan.rate),
            "INGESTOR_SETTINGS_GRACE": "60s",
        }
        ingestor = ServiceProcess("ingestor", env={**settings, **own}, folder=folder)
        await resources.enter_async_context(ingestor)
        yield Stack(installation, facts, child.pid, ingestor)
