"""Many shops that rarely push: what they cost while nothing happens, and how soon a push begins."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from pymongo import AsyncMongoClient

from shopsync_contracts.events import ProductSnapshot, PushRequested
from shopsync_rehearsals.bench.lines import Line, all_good
from shopsync_rehearsals.bench.publisher import database_work
from shopsync_rehearsals.bench.publisher import products as made
from shopsync_rehearsals.bench.publisher.outcomes import Outcomes
from shopsync_rehearsals.bench.publisher.plan import Plan
from shopsync_rehearsals.bench.publisher.stack import Stack
from shopsync_rehearsals.bench.usage import Meter
from shopsync_rehearsals.bus import Bus
from shopsync_rehearsals.progress import Progress
from shopsync_sandbox import serving
from shopsync_testkit.polling import NeverHappened, eventually

LONGEST_WAIT = 1.0
"""Seconds from a push command to the first call for its shop."""
MOST_IDLE = 0.03
"""Share of one core that a publisher may use while nothing happens."""
_CONSENTS_AT_ONCE = 4
_REST_SECONDS = 3.0
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Quiet:
    """The first `pushing` shops push one product each, `apart` seconds after one another, after `idle` seconds."""

    pushing: int = 100
    apart: float = 0.25
    idle: float = 30.0


@dataclass(frozen=True, slots=True)
class MeasuredQuiet:
    """`idle_cpu`: processor seconds by process, and `idle_asked` MongoDB's commands, in the `idle` seconds.

    `waits`: seconds from each command to its shop's first call; a shop that was not called is missing.
    """

    shops: int
    quiet: Quiet
    idle_cpu: dict[str, float]
    idle_asked: dict[str, int]
    waits: list[float]
    created: int


class QuietRun:
    """One run on a started stack."""

    def __init__(
        self, plan: Plan, quiet: Quiet, stack: Stack, bus: Bus, outcomes: Outcomes, progress: Progress = lambda *_: None
    ) -> None:
        self._plan = plan
        self._quiet = quiet
        self._stack = stack
        self._bus = bus
        self._outcomes = outcomes
        self._progress = progress

    async def run(self) -> MeasuredQuiet:
        """Authorise all shops, wait, then push here and there."""
        pictures = made.Pictures()
        async with serving.running(pictures.app) as url, self._stack.control() as control:
            products = self._products(url)
            await asyncio.to_thread(pictures.draw, products)
            await self._store(products)
            await self._authorise()
            await asyncio.sleep(_REST_SECONDS)
            cpu, asked = await self._idle()
            (await control.delete("/requests")).raise_for_status()
            asked_at = await self._push(products)
            await self._settled(products)
            waits = await _waits(control, asked_at)
        created = sum(1 for product in products if self._outcomes.created[product.subject] == 1)
        return MeasuredQuiet(self._plan.shops, self._quiet, cpu, asked, waits, created)

    def _products(self, url: str) -> list[ProductSnapshot]:
        now = datetime.now(UTC).replace(microsecond=0)
        return list(made.snapshots(self._plan, url, now))[: self._quiet.pushing]

    async def _store(self, products: Sequence[ProductSnapshot]) -> None:
        installation = self._stack.installation
        async with AsyncMongoClient[dict[str, Any]](installation.mongo_uri, w="majority") as client:
            database = client[installation.database]
            await database["shops"].insert_many(
                [{"_id": shop, "category_version": "v1"} for shop in self._plan.shop_keys]
            )
            await database["products"].insert_many([made.document(product) for product in products])

    async def _authorise(self) -> None:
        places, done = asyncio.Semaphore(_CONSENTS_AT_ONCE), 0

        async def one(shop: str) -> None:
            nonlocal done
            async with places:
                await self._stack.authorise(shop, browser)
            done += 1
            self._progress("authorise", done, self._plan.shops)

        async with self._stack.browser() as browser:
            await asyncio.gather(*(one(shop) for shop in self._plan.shop_keys))

    async def _idle(self) -> tuple[dict[str, float], dict[str, int]]:
        installation = self._stack.installation
        meter, before = Meter(), await database_work.commands(installation.mongo_uri)
        for publisher in self._stack.publishers:
            meter.watch("publisher", publisher.child.pid)
        meter.watch("MongoDB", installation.server_pids.get("MongoDB"))
        await asyncio.sleep(self._quiet.idle)
        cpu = meter.read()
        return cpu, database_work.since(before, await database_work.commands(installation.mongo_uri))

    async def _push(self, products: Sequence[ProductSnapshot]) -> dict[str, float]:
        """When each shop's command was acknowledged, in an order that nobody can guess."""
        asked_at = {}
        order = random.Random(self._plan.seed).sample(products, len(products))  # noqa: S311 - repeatable, no secret
        for number, product in enumerate(order, start=1):
            asked_at[product.shop_key] = time.time()
            await self._bus.publish(
                [PushRequested(shop_key=product.shop_key, product_no=product.product_no, reason="manual")]
            )
            self._progress("pushes", number, len(products))
            await asyncio.sleep(self._quiet.apart)
        return asked_at

    async def _settled(self, products: Sequence[ProductSnapshot]) -> None:
        with contextlib.suppress(NeverHappened):
            await eventually(
                lambda: len(self._outcomes.approved) >= len(products), timeout=_PATIENCE, interval=0.1, what="approval"
            )


async def _waits(control: httpx.AsyncClient, asked_at: Mapping[str, float]) -> list[float]:
    found = []
    for shop, asked in asked_at.items():
        arrivals = (await control.get(f"/traffic/{shop}")).raise_for_status().json()["at"]
        if arrivals:
            found.append(arrivals[0] - asked)
    return found


def judge(measured: MeasuredQuiet) -> list[Line]:
    """Every line of the report."""
    quiet, waits = measured.quiet, sorted(measured.waits)
    share = measured.idle_cpu.get("publisher", 0.0) / quiet.idle
    asked = sum(measured.idle_asked.values()) / quiet.idle
    longest = waits[-1] if waits else float("inf")
    return [
        Line(
            f"processor time of the publisher, {measured.shops:,} idle shops",
            f"{share:.1%} of a core",
            f"≤ {MOST_IDLE:.0%}",
            share <= MOST_IDLE,
            is_speed=True,
        ),
        Line(
            "processor time of MongoDB meanwhile", f"{measured.idle_cpu.get('MongoDB', 0.0) / quiet.idle:.1%} of a core"
        ),
        Line("MongoDB commands a second meanwhile", f"{asked:.1f}"),
        Line("shops called after their command", str(len(waits)), str(quiet.pushing), len(waits) == quiet.pushing),
        Line("products created", str(measured.created), str(quiet.pushing), measured.created == quiet.pushing),
        Line("from a command to the first call, median", f"{waits[len(waits) // 2] if waits else longest:.3f} s"),
        Line(
            "from a command to the first call, longest",
            f"{longest:.3f} s",
            f"≤ {LONGEST_WAIT:g} s",
            longest <= LONGEST_WAIT,
            is_speed=True,
        ),
    ]


def as_json(measured: MeasuredQuiet, lines: Sequence[Line]) -> str:
    """The same as one JSON object."""
    document = {**asdict(measured), "lines": [asdict(line) for line in lines], "good": all_good(lines)}
    return json.dumps(document, ensure_ascii=False)
