"""One run: publish everything at once, wait for the end, gather what the sandbox saw."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from pymongo import AsyncMongoClient

from shopsync_contracts.events import ProductSnapshot, PushRequested
from shopsync_rehearsals.bench.publisher import database_work, disturbances
from shopsync_rehearsals.bench.publisher import products as made
from shopsync_rehearsals.bench.publisher.outcomes import Outcomes
from shopsync_rehearsals.bench.publisher.plan import Plan, Role
from shopsync_rehearsals.bench.publisher.stack import Stack
from shopsync_rehearsals.bench.publisher.traffic import Call
from shopsync_rehearsals.bench.usage import Meter, Sample, machine_seconds
from shopsync_rehearsals.bus import Bus
from shopsync_rehearsals.progress import Progress
from shopsync_sandbox import serving

_SAMPLE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Measured:
    """What the benchmark is judged by. `began`: when the commands went out, in Unix seconds; `lasted`: seconds.

    `asked`: how often each command was sent to MongoDB, by anybody.
    """

    plan: Plan
    products: int
    skus: int
    began: float
    lasted: float
    calls: dict[str, list[Call]]
    creates_per_sku: dict[tuple[str, str], int]
    stock_writes_per_sku: dict[tuple[str, str], int]
    summary: dict[str, Any]
    created_events: dict[str, int]
    stock_events: dict[str, int]
    failures: dict[str, int]
    skipped: dict[str, int]
    missing: list[str]
    cpu: dict[str, float]
    samples: list[Sample]
    kills: int
    asked: dict[str, int]


class Run:
    """One run on a started stack. `progress` has a bar for the healthy, the throttled and the broken shops each."""

    def __init__(
        self,
        plan: Plan,
        stack: Stack,
        bus: Bus,
        outcomes: Outcomes,
        progress: Progress = lambda *_: None,
    ) -> None:
        self._plan = plan
        self._stack = stack
        self._bus = bus
        self._outcomes = outcomes
        self._progress = progress
        self._meter = Meter()
        self._samples: list[Sample] = []
        self._killer = disturbances.Killer(stack.publishers, self._meter, plan.seed)

    async def run(self) -> Measured:
        """The whole run. `missing` says in words what was not done when the time was over."""
        async with self._stack.control() as control, self._stored_products() as products:
            await self._authorise()
            (await control.delete("/requests")).raise_for_status()
            await disturbances.begin(control, self._plan)
            before = await database_work.commands(self._stack.installation.mongo_uri)
            self._watch_processes()
            began = time.time()
            await self._bus.publish([_command(product) for product in products])
            async with self._disturbed(control) as tasks:
                await self._settled(products, tasks)
            lasted = time.time() - began
            asked = database_work.since(before, await database_work.commands(self._stack.installation.mongo_uri))
            return await self._gather(control, products, began, lasted, asked)

    @contextlib.asynccontextmanager
    async def _stored_products(self) -> AsyncIterator[list[ProductSnapshot]]:
        """Put shops and products into the database, and serve the pictures."""
        pictures = made.Pictures()
        async with serving.running(pictures.app) as url:
            now = datetime.now(UTC).replace(microsecond=0)
            products = list(made.snapshots(self._plan, url, now))
            await asyncio.to_thread(pictures.draw, products)
            async with AsyncMongoClient[dict[str, Any]](self._stack.installation.mongo_uri, w="majority") as client:
                database = client[self._stack.installation.database]
                shops = [{"_id": shop, "category_version": "v1"} for shop in self._plan.shop_keys]
                await database["shops"].insert_many(shops)
                await database["products"].insert_many([made.document(product) for product in products])
            yield products

    async def _authorise(self) -> None:
        async with self._stack.browser() as browser:
            for number, shop in enumerate(self._plan.shop_keys, start=1):
                await self._stack.authorise(shop, browser)
                self._progress("authorise", number, self._plan.shops)

    def _watch_processes(self) -> None:
        self._meter.watch("TikTok sandbox", self._stack.tiktok_pid)
        for publisher in self._stack.publishers:
            self._meter.watch("publisher", publisher.child.pid)
        for name, pid in {**self._stack.installation.server_pids, "this program": os.getpid()}.items():
            self._meter.watch(name, pid)

    @contextlib.asynccontextmanager
    async def _disturbed(self, control: httpx.AsyncClient) -> AsyncIterator[list[asyncio.Task[None]]]:
        tasks = [asyncio.create_task(disturbances.end_throttling(control, self._plan), name="bench-end-throttling")]
        if self._plan.kill_every is not None:
            tasks.append(
                asyncio.create_task(self._killer.run(self._plan.kill_every, self._plan.most_kills), name="bench-killer")
            )
        try:
            yield tasks
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _settled(self, products: Sequence[ProductSnapshot], tasks: Sequence[asyncio.Task[None]]) -> None:
        """Wait until every product is reported created and approved, or the time is over. Raises a task's error."""
        deadline = time.monotonic() + self._plan.bound
        by_role = {
            role: {product.subject for product in products if self._plan.role(product.shop_key) is role}
            for role in Role
        }
        while time.monotonic() < deadline:
            self._samples.append(Sample(time.time(), sum(self._meter.read().values()), machine_seconds()))
            for role, mine in by_role.items():
                self._progress(_bar(role), len(mine & self._outcomes.approved), len(mine))
            if len(self._outcomes.approved) >= len(products) and self._enough_kills():
                return
            for task in (*tasks, self._outcomes.following):
                if task is not None and task.done():
                    task.result()
            await asyncio.sleep(_SAMPLE_SECONDS)

    def _enough_kills(self) -> bool:
        return self._plan.kill_every is None or self._killer.kills >= (self._plan.most_kills or 1)

    async def _gather(
        self,
        control: httpx.AsyncClient,
        products: Sequence[ProductSnapshot],
        began: float,
        lasted: float,
        asked: dict[str, int],
    ) -> Measured:
        counters = await _read(control, "/counters")
        outcomes = self._outcomes
        return Measured(
            plan=self._plan,
            products=len(products),
            skus=sum(len(product.skus) for product in products),
            began=began,
            lasted=lasted,
            calls=await _calls(control, self._plan),
            creates_per_sku=_by_sku(counters["creates_per_seller_sku"]),
            stock_writes_per_sku=_by_sku(counters["stock_writes_per_seller_sku"]),
            summary=await _read(control, "/summary"),
            created_events={product.subject: outcomes.created[product.subject] for product in products},
            stock_events=dict(outcomes.stock_sent),
            failures=dict(outcomes.failures),
            skipped=dict(outcomes.skipped),
            missing=_missing(self._plan, products, outcomes),
            cpu=self._meter.read(),
            samples=self._samples,
            kills=self._killer.kills,
            asked=asked,
        )


def _bar(role: Role) -> str:
    return "healthy shops" if role is Role.HEALTHY else f"{role} shop"


def _command(product: ProductSnapshot) -> PushRequested:
    return PushRequested(shop_key=product.shop_key, product_no=product.product_no, reason="manual")


def _missing(plan: Plan, products: Sequence[ProductSnapshot], outcomes: Outcomes) -> list[str]:
    """Per shop, what has not been reported."""
    found = []
    for shop in plan.shop_keys:
        mine = [product.subject for product in products if product.shop_key == shop]
        created = sum(1 for subject in mine if outcomes.created[subject])
        approved = sum(1 for subject in mine if subject in outcomes.approved)
        if approved < len(mine):
            found.append(
                f"{shop} ({plan.role(shop)}): {len(mine) - created} of {len(mine)} products not reported created, "
                f"{len(mine) - approved} not reported approved"
            )
    return found


async def _calls(control: httpx.AsyncClient, plan: Plan) -> dict[str, list[Call]]:
    """Every call, per shop, in order of arrival."""
    found = {}
    for shop in plan.shop_keys:
        columns = await _read(control, f"/traffic/{shop}")
        rows = zip(columns["at"], columns["operation"], columns["status"], strict=True)
        found[shop] = [Call(at, shop, operation, status) for at, operation, status in rows]
    return found


def _by_sku(table: dict[str, dict[str, int]]) -> dict[tuple[str, str], int]:
    return {(shop, sku): count for shop, counts in table.items() for sku, count in counts.items()}


async def _read(control: httpx.AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    answer = (await control.get(path, params=query)).raise_for_status()
    document: dict[str, Any] = answer.json()
    return document
