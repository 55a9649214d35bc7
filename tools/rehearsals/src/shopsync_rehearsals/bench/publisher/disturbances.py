"""What goes wrong during the run: one shop throttled, one broken, and publishers killed."""

import asyncio
import random
from dataclasses import dataclass, field

import httpx

from shopsync_rehearsals.bench.publisher.plan import Plan, Role
from shopsync_rehearsals.bench.usage import Meter
from shopsync_testkit.processes import ServiceProcess

_BURST_WHILE_THROTTLED = 1
_WEBHOOKS = [5, 6, 7, 15, 37]
"""The types that the publisher registers for at TikTok Shop; the sandbox's own address would get every type."""


async def begin(control: httpx.AsyncClient, plan: Plan) -> None:
    """Set the webhook types, lower the throttled shop's rate, and let the broken shop answer 503 for its time."""
    (await control.patch("/settings", json={"webhook_types": _WEBHOOKS})).raise_for_status()
    for shop in plan.shops_in(Role.THROTTLED):
        await _allow(control, shop, plan.throttled_rate, burst=_BURST_WHILE_THROTTLED)
    for shop in plan.shops_in(Role.BROKEN):
        fault = {"kind": "error", "status": 503, "shop": shop, "times": None, "for_seconds": plan.outage_seconds}
        (await control.post("/faults", json=fault)).raise_for_status()


async def end_throttling(control: httpx.AsyncClient, plan: Plan) -> None:
    """Restore the throttled shop's full rate when its time is over."""
    await asyncio.sleep(plan.throttled_seconds)
    for shop in plan.shops_in(Role.THROTTLED):
        await _allow(control, shop, plan.rate)


async def _allow(control: httpx.AsyncClient, shop: str, rate: float, *, burst: int | None = None) -> None:
    body = {"shop": shop, "per": "shop", "requests_per_second": rate, "burst": burst}
    (await control.put("/rate-limits", json=body)).raise_for_status()


@dataclass(slots=True)
class Killer:
    """Kills a publisher (SIGKILL) and starts it again, repeatedly, one at a time."""

    publishers: list[ServiceProcess]
    meter: Meter
    seed: int
    kills: int = field(default=0)

    async def run(self, every: float, most: int | None) -> None:
        """Kill `most` times; None: until cancelled. The pause begins at readiness and varies by half."""
        rng = random.Random(f"{self.seed}/kills")  # noqa: S311 - repeatable, no secret
        while most is None or self.kills < most:
            await asyncio.sleep(every * rng.uniform(0.5, 1.5))
            victim = rng.choice(self.publishers)
            self.meter.settle(victim.child.pid)
            await victim.kill()
            self.kills += 1
            await victim.start()
            self.meter.watch("publisher", victim.child.pid, from_birth=True)
