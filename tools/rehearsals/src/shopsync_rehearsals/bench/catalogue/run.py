"""One run: the rounds after one another on the same servers, each with topics, groups and databases of its own."""

import asyncio
import contextlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from shopsync_rehearsals.bench.catalogue.contenders import connect_worker
from shopsync_rehearsals.bench.catalogue.contenders.field import field_of, missing_here
from shopsync_rehearsals.bench.catalogue.figures import Effort, Measured
from shopsync_rehearsals.bench.catalogue.plan import Kind, Plan
from shopsync_rehearsals.bench.catalogue.rounds import Round, Servers
from shopsync_rehearsals.bench.catalogue.streams import connected
from shopsync_rehearsals.installation import Installation, apply_topics
from shopsync_rehearsals.progress import Progress
from shopsync_testkit.backends import Unavailable
from shopsync_testkit.children import StartFailed

_PARTS = "shopsync_rehearsals.bench.catalogue.parts"
_PARTS_PRODUCTS = 1000


class Run:
    """One run on servers that are already there. `folder` receives the logs of all processes."""

    def __init__(
        self, plan: Plan, installation: Installation, folder: Path, progress: Progress = lambda *_: None
    ) -> None:
        self._plan = plan
        self._installation = installation
        self._folder = folder
        self._progress = progress

    async def run(self) -> Measured:
        """Measure. Raises RuntimeError when a contender ended, TimeoutError when one took too long."""
        skipped: dict[Kind, str] = missing_here(self._plan.contenders)
        here = self._installation
        async with (
            contextlib.AsyncExitStack() as resources,
            connected(here.kafka_bootstrap) as streams,
            AsyncMongoClient[dict[str, Any]](here.mongo_uri, w="majority", tz_aware=True) as mongo,
        ):
            servers = Servers(streams, mongo, here.server_pids)
            worker = await self._worker(resources, skipped)
            rounds = [await self._round(number, skipped, servers, worker) for number in range(self._plan.rounds)]
        return Measured(self._plan, rounds, skipped, await self._parts(skipped))

    async def _parts(self, skipped: dict[Kind, str]) -> dict[str, dict[str, float]]:
        """See `parts`, in a process of its own; empty when the catalogue is not measured."""
        plan = self._plan
        if Kind.CATALOGUE not in plan.contenders or Kind.CATALOGUE in skipped:
            return {}
        products = min(_PARTS_PRODUCTS, plan.messages)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _PARTS, str(products), str(plan.seed)), stdout=subprocess.PIPE
        )
        output, _ = await process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"{_PARTS} ended with code {process.returncode}")
        found: dict[str, dict[str, float]] = json.loads(output)
        return found

    async def _worker(
        self, resources: contextlib.AsyncExitStack, skipped: dict[Kind, str]
    ) -> connect_worker.ConnectWorker | None:
        """A Connect worker if it is wanted and can be had; else it is among the skipped."""
        if Kind.CONNECT not in self._plan.contenders:
            return None
        try:
            return await resources.enter_async_context(
                connect_worker.running(self._installation.kafka_bootstrap, self._folder)
            )
        except (Unavailable, StartFailed) as error:
            skipped[Kind.CONNECT] = str(error).splitlines()[0]
            return None

    async def _round(
        self, number: int, skipped: dict[Kind, str], servers: Servers, worker: connect_worker.ConnectWorker | None
    ) -> list[Effort]:
        here, name = self._installation, f"r{number + 1}"
        mine = replace(here, topic_prefix=f"{here.topic_prefix}.{name}", database=f"{here.database}-{name}")
        await apply_topics(mine.settings(), self._folder)
        kinds = [kind for kind in self._plan.order(number) if kind not in skipped]
        field = field_of(self._plan, kinds, mine, self._folder, worker)
        return await Round(f"round {number + 1}", self._plan, field, servers, self._progress).run()
