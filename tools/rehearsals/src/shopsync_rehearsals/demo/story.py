"""The demo's story, step by step, in the order of a merchant's work."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shopsync_contracts.events import (
    ImportCompleted,
    ImportFailed,
    ImportRequested,
    ShopSettingsChanged,
    SweepCompleted,
    SweepRequested,
    SyncCompleted,
    SyncRequested,
)
from shopsync_rehearsals.bus import Bus, Follower
from shopsync_rehearsals.demo.checks import Facts
from shopsync_rehearsals.demo.choices import Choice, beyond_tiktok, choose, edits
from shopsync_rehearsals.demo.facts import gather
from shopsync_rehearsals.demo.stack import SHOP, Plan, Stack
from shopsync_rehearsals.progress import Progress

DELETED_OFF = 8
DELETED_ON = 2
SETTLED = frozenset({"synced", "rejected", "sync_error", "warehouse_missing", "incomplete"})


@dataclass(slots=True)
class Outcome:
    """What happened, for the tables at the end: seconds per step, counts by name."""

    seconds: dict[str, float] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    pushes: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    reviews: Counter[str] = field(default_factory=Counter)
    removed: int = 0
    sweep: Any = None
    facts: Facts | None = None


class Story:
    """One run. No wait takes longer than `patience` seconds."""

    def __init__(
        self, stack: Stack, plan: Plan, bus: Bus, follower: Follower, *, progress: Progress, patience: float
    ) -> None:
        self._stack = stack
        self._plan = plan
        self._bus = bus
        self._follower = follower
        self._progress = progress
        self._patience = patience
        self.begun: list[str] = []
        self.outcome = Outcome()
        self.choice = Choice(frozenset(), frozenset())
        self.beyond_tiktok: frozenset[str] = frozenset()
        self.deleted_upstream: frozenset[str] = frozenset()

    async def run(self) -> Outcome:
        """Run all steps. Raises TimeoutError naming what did not happen, RuntimeError when a service refused."""
        await self.open_shop()
        await self.import_products()
        await self.complete_and_switch_on()
        await self.sync("sync")
        await self.sync("sync again")
        await self.delete_upstream()
        await self.sweep()
        return await self.close()

    async def open_shop(self) -> None:
        async with self._step("open the shop", 2) as done:
            await self._bus.publish([ShopSettingsChanged(shop_key=SHOP)])
            done(1)
            await self._authorise()
            done(2)

    async def _authorise(self) -> None:
        """The merchant's consent: the publisher sends the browser to TikTok, TikTok sends it back with a code."""
        publisher = self._stack.services["publisher"]
        start = f"{publisher.url}/oauth/tiktok/start"
        deadline = time.monotonic() + self._patience
        async with self._stack.sandbox({"url": publisher.url}) as browser:
            while True:
                answer = await browser.get(start, params={"shop_key": SHOP}, follow_redirects=True)
                if answer.status_code == 200:
                    return
                # The publisher knows a shop once the catalogue has stored its settings.
                if time.monotonic() > deadline:
                    raise RuntimeError(f"TikTok authorisation failed: {answer.status_code} {answer.text[:300]}")
                await asyncio.sleep(0.2)

    async def import_products(self) -> None:
        async with self._step("import", self._plan.products) as done:
            [request] = await self._bus.publish([ImportRequested(shop_key=SHOP, mode="changed_only")])
            await self._report(ImportCompleted, request, failed=ImportFailed)
            await self._until(
                lambda: self._shown(done, len(self._follower.snapshots)) >= self._plan.products,
                "the whole shop in the catalogue",
            )

    async def complete_and_switch_on(self) -> None:
        products = list(self._follower.snapshots.values())
        self.choice = choose([product.product_no for product in products], self._plan.seed)
        self.beyond_tiktok = frozenset(product.product_no for product in products if beyond_tiktok(product))
        async with self._step("tool edits", len(self.choice.completed)) as done:
            await self._bus.publish(list(edits(self.choice, products, datetime.now(UTC))))
            await self._until(
                lambda: self._shown(done, self._completed()) >= len(self.choice.completed), "the edits in the catalogue"
            )
            await self._until(lambda: self._on() == self.choice.switched_on, "the sync targets in the catalogue")

    async def sync(self, name: str) -> None:
        before = self._pushed()
        async with self._step(name, len(self.choice.complete_and_on)) as done:
            [request] = await self._bus.publish([SyncRequested(shop_key=SHOP, reason="manual")])
            report: SyncCompleted = await self._report(SyncCompleted, request)
            if report.refused_because:
                raise RuntimeError(f"the sync was refused: {report.refused_because}")
            await self._until(
                lambda: self._shown(done, self._pushed() - before) >= report.counts.commanded, "an answer to every push"
            )
            await self._until(self._reviewed, "a review of every sent product")

    async def delete_upstream(self) -> None:
        off = sorted(self._numbers() - self.choice.switched_on)[:DELETED_OFF]
        on = sorted(self.choice.complete_and_on - self.beyond_tiktok)[:DELETED_ON]
        self.deleted_upstream = frozenset([*off, *on])
        async with (
            self._step("delete upstream", len(self.deleted_upstream)) as done,
            self._stack.sandbox(self._stack.futureshop) as control,
        ):
            answer = await control.post(
                f"/_sandbox/shops/{SHOP}/delete", json={"product_nos": sorted(self.deleted_upstream)}
            )
            answer.raise_for_status()
            done(len(self.deleted_upstream))

    async def sweep(self) -> None:
        due = self.deleted_upstream - self.choice.switched_on
        async with self._step("nightly sweep", len(due)) as done:
            [request] = await self._bus.publish([SweepRequested(shop_key=SHOP)])
            report: SweepCompleted = await self._report(SweepCompleted, request)
            if report.refused_because:
                raise RuntimeError(f"the sweep was refused: {report.refused_because}")
            self.outcome.sweep = report
            await self._until(lambda: self._shown(done, len(self._follower.removed)) >= len(due), "the tombstones")

    async def close(self) -> Outcome:
        """Gather the facts and the numbers for the tables."""
        follower, outcome = self._follower, self.outcome
        outcome.statuses = Counter(snapshot.status for snapshot in follower.snapshots.values())
        outcome.pushes, outcome.reviews, outcome.failures = follower.pushes, follower.reviews, follower.failures
        outcome.removed = len(follower.removed)
        expected = self.choice.complete_and_on - self.beyond_tiktok
        outcome.facts = await gather(
            self._stack,
            follower,
            products=self._plan.products,
            expected=expected,
            deleted_upstream=self.deleted_upstream,
        )
        return outcome

    @asynccontextmanager
    async def _step(self, name: str, total: int) -> AsyncIterator[Callable[[int], None]]:
        started = time.monotonic()
        self.begun.append(name)
        self._progress(name, 0, total)
        yield lambda count: self._progress(name, min(count, total), total)
        self._progress(name, total, total)
        self.outcome.seconds[name] = time.monotonic() - started

    async def _until(self, done: Callable[[], Any], what: str) -> Any:
        return await self._follower.until(done, seconds=self._patience, what=what)

    async def _report(self, kind: type[Any], request: str, *, failed: type[Any] | None = None) -> Any:
        def answer() -> Any:
            return self._follower.report(kind, request) or (failed and self._follower.report(failed, request))

        report = await self._until(answer, f"the {kind.TYPE} report")
        if failed is not None and isinstance(report, failed):
            raise RuntimeError(f"{report.TYPE}: {report.code}: {report.message}")
        return report

    @staticmethod
    def _shown(done: Callable[[int], None], count: int) -> int:
        done(count)
        return count

    def _numbers(self) -> frozenset[str]:
        return frozenset(snapshot.product_no for snapshot in self._follower.snapshots.values())

    def _on(self) -> frozenset[str]:
        return frozenset(s.product_no for s in self._follower.snapshots.values() if s.sync_enabled)

    def _completed(self) -> int:
        return sum(
            1
            for snapshot in self._follower.snapshots.values()
            if snapshot.product_no in self.choice.completed and snapshot.status != "incomplete"
        )

    def _pushed(self) -> int:
        return self._follower.pushes.total()

    def _reviewed(self) -> bool:
        return all(
            snapshot.status in SETTLED
            for snapshot in self._follower.snapshots.values()
            if snapshot.product_no in self.choice.complete_and_on
        )
