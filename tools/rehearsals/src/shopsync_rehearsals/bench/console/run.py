"""One run: a merchant alone and all of them, in turn, so that both meet the same machine."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import httpx

from shopsync_rehearsals.bench.console.merchants import Merchant, log_in
from shopsync_rehearsals.bench.console.plan import Measured, Plan, Stage, joined
from shopsync_rehearsals.bench.console.stack import Stack, email_of
from shopsync_rehearsals.bench.usage import Meter
from shopsync_rehearsals.progress import Progress

_WARM_UP_CLICKS = 6


class Run:
    """One run on a started stack."""

    def __init__(self, plan: Plan, stack: Stack, progress: Progress = lambda *_: None) -> None:
        self._plan = plan
        self._stack = stack
        self._progress = progress
        self._meter = Meter()

    async def run(self) -> Measured:
        """Measure. Raises RuntimeError when somebody cannot log in."""
        plan = self._plan
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(limits=limits, timeout=60.0, trust_env=False) as client:
            merchants = [await self._merchant(client, number) for number in range(plan.merchants)]
            for console in self._stack.consoles:
                self._meter.watch("console", console.child.pid)
            for name, pid in self._stack.installation.server_pids.items():
                self._meter.watch(name, pid)
            for one in merchants:
                for _ in range(_WARM_UP_CLICKS):
                    await one.click()
            return await self._measure(merchants)

    async def _measure(self, merchants: Sequence[Merchant]) -> Measured:
        plan = self._plan
        alone, together = [], []
        for number in range(plan.rounds):
            self._progress("rounds", number, plan.rounds)
            alone.append(await self._stage(merchants[:1], plan.seconds, plan.think_alone))
            together.append(await self._stage(merchants, plan.seconds, plan.think))
        self._progress("rounds", plan.rounds, plan.rounds)
        rush = [await self._stage(some, plan.rush, 0.0) for some in (merchants[:1], merchants)]
        return Measured(plan, joined(alone), joined(together), *rush)

    async def _stage(self, merchants: Sequence[Merchant], seconds: float, think: float) -> Stage:
        async with contextlib.AsyncExitStack() as streams:
            for one in merchants:
                await streams.enter_async_context(one.following())
            before, began = self._meter.read(), time.monotonic()
            found = await asyncio.gather(*(one.work(began + seconds, think) for one in merchants))
            took, after = time.monotonic() - began, self._meter.read()
        clicks = [click for clicks in found for click in clicks]
        return Stage(len(merchants), took, clicks, {name: after[name] - before[name] for name in after})

    async def _merchant(self, client: httpx.AsyncClient, number: int) -> Merchant:
        plan, stack = self._plan, self._stack
        console = stack.consoles[number % len(stack.consoles)]
        cookie = await log_in(client, console.url, stack.origin, email_of(number % plan.shops), stack.password)
        return Merchant(client, console.url, cookie, plan.products, f"{plan.seed}/{number}")
