"""One run: the whole system, two kinds of load beside each other, samples of every process."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from pymongo import AsyncMongoClient

from shopsync_contracts.events import (
    EditChanges,
    ImportRequested,
    ProductEdited,
    ShopSettingsChanged,
    SweepRequested,
    SyncRequested,
)
from shopsync_rehearsals.bus import Bus, connected
from shopsync_rehearsals.demo.stack import SHOP, Plan, Stack, running_on
from shopsync_rehearsals.demo.story import Story
from shopsync_rehearsals.endurance.invariants import settled
from shopsync_rehearsals.endurance.load import Load, Mixture
from shopsync_rehearsals.endurance.log import reading
from shopsync_rehearsals.endurance.soak.samples import Sample, sample
from shopsync_rehearsals.installation import Installation
from shopsync_rehearsals.progress import Progress

LOAD_SHOP = "endurance"
_PATIENCE = 300.0
_SAMPLE_SECONDS = 2.0
_ROUND_SECONDS = 10.0
_TOUCHED = 10
_SWEEP_EVERY = 6


@dataclass(frozen=True, slots=True)
class SoakPlan:
    """How long, and how much. `rate`: messages a second for the catalogue, beside imports, syncs and sweeps."""

    minutes: float = 10.0
    products: int = 120
    rate: float = 30.0
    seed: int = 7


@dataclass(slots=True)
class Soaked:
    """`wrong`: what the checks at the end have found."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    rounds: int = 0
    messages: int = 0
    wrong: list[str] = field(default_factory=list)


async def soak(plan: SoakPlan, place: Installation, folder: Path, progress: Progress) -> Soaked:
    """Raises RuntimeError when a service ends, TimeoutError when the story before the load does not."""
    system = Plan(products=plan.products, seed=plan.seed, futureshop_rate=50)
    mixture = Mixture(rate=plan.rate, seed=plan.seed)
    async with (
        running_on(place, system, folder) as stack,
        connected(place.kafka_bootstrap, place.topic_prefix, shop=SHOP) as (bus, follower),
    ):
        story = Story(stack, system, bus, follower, progress=progress, patience=_PATIENCE)
        await story.open_shop()
        await story.import_products()
        await story.complete_and_switch_on()
        await story.sync("sync")
        await bus.publish([ShopSettingsChanged(shop_key=LOAD_SHOP)])
        soaked = Soaked(samples={name: [] for name in stack.services})
        async with Load(place.kafka_bootstrap, place.topic_prefix, LOAD_SHOP, mixture) as load:
            merchant = Merchant(stack, bus, sorted(story.choice.complete_and_on))
            async with working(merchant.work) as failed:
                await _watch(plan, stack, soaked, progress, failed)
            soaked.rounds = merchant.rounds
            soaked.wrong = await _checked(place, load)
            soaked.messages = load.sent.messages
        soaked.wrong += [f"dead letter: {one}" for one in follower.dead_letters]
    return soaked


async def _watch(
    plan: SoakPlan, stack: Stack, soaked: Soaked, progress: Progress, failed: Callable[[], BaseException | None]
) -> None:
    began, seconds = time.monotonic(), plan.minutes * 60
    async with httpx.AsyncClient(timeout=10.0, trust_env=False) as client:
        while (at := time.monotonic() - began) < seconds:
            for name, service in stack.services.items():
                if not service.running:
                    raise RuntimeError(f"{name} ended:\n{service.child.tail()}")
                if (found := await sample(service, client, at)) is not None:
                    soaked.samples[name].append(found)
            if (error := failed()) is not None:
                raise error
            progress("soak", int(at), int(seconds))
            await asyncio.sleep(_SAMPLE_SECONDS)
    progress("soak", int(seconds), int(seconds))


class Merchant:
    """What the shop that is sold from goes through again and again: edits, syncs, imports, sweeps."""

    def __init__(self, stack: Stack, bus: Bus, on_sale: list[str]) -> None:
        self._stack, self._bus = stack, bus
        self._on_sale = itertools.cycle(on_sale)
        self.rounds = 0

    async def work(self) -> None:
        """Until cancelled."""
        async with self._stack.sandbox(self._stack.futureshop) as control:
            while True:
                self.rounds += 1
                await self._edit()
                await self._change_upstream(control)
                await self._bus.publish([ImportRequested(shop_key=SHOP, mode="changed_only")])
                await self._bus.publish([SyncRequested(shop_key=SHOP, reason="manual")])
                if self.rounds % _SWEEP_EVERY == 0:
                    await self._bus.publish([SweepRequested(shop_key=SHOP)])
                await asyncio.sleep(_ROUND_SECONDS)

    async def _edit(self) -> None:
        changes = EditChanges(name=f"{self.rounds} 回目の編集")
        chosen = itertools.islice(self._on_sale, _TOUCHED)
        edits = [
            ProductEdited(shop_key=SHOP, product_no=number, edited_at=datetime.now(UTC), changes=changes)
            for number in chosen
        ]
        await self._bus.publish(edits)

    async def _change_upstream(self, control: httpx.AsyncClient) -> None:
        body = {"count": _TOUCHED, "seed": self.rounds, "changes": {"unit_price": 1000 + self.rounds}, "touch": True}
        (await control.post(f"/_sandbox/shops/{SHOP}/edit", json=body)).raise_for_status()


@contextlib.asynccontextmanager
async def working(work: Callable[[], Awaitable[None]]) -> AsyncIterator[Callable[[], BaseException | None]]:
    """The work beside the block, and a function that says why it has ended; None while it goes on.

    Raises what it has ended with, also when nobody has asked since.
    """
    task = asyncio.ensure_future(work())
    try:
        yield lambda: task.exception() if task.done() and not task.cancelled() else None
    finally:
        task.cancel()
        [ended] = await asyncio.gather(task, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended


async def _checked(place: Installation, load: Load) -> list[str]:
    """Wait until the load is worked off, and check it. What is left after the patience is one of the findings."""
    await load.stop()
    async with (
        reading(place.kafka_bootstrap) as log,
        AsyncMongoClient[dict[str, Any]](place.mongo_uri, tz_aware=True) as client,
    ):
        return (await settled(log, client[place.database], place.topic_prefix, load, patience=_PATIENCE)).wrong
