"""Runs a month, day by day, and checks every night."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shopsync_contracts.events import ShopSettingsChanged
from shopsync_rehearsals.month.compare import Difference, differences
from shopsync_rehearsals.month.executor import Executor
from shopsync_rehearsals.month.idle import IdleWatch
from shopsync_rehearsals.month.model.shop import Model
from shopsync_rehearsals.month.operations import Kind, Log, Operation
from shopsync_rehearsals.month.script import Script
from shopsync_rehearsals.month.snapshot_check import snapshot_differences
from shopsync_rehearsals.month.world import SHOP, Services, World
from shopsync_sandbox.shop import JST

NIGHTS = 30
_NOON = 12
_HOURS: tuple[tuple[int, str | None], ...] = (
    (9, None),
    (12, "auto"),
    (14, None),
    (18, "scheduled"),
    (20, None),
    (24, "auto"),
)
"""Hours of a day: None is a busy hour, else the 連携設定 that starts a sync then (`AUTO_MINUTES`, `SCHEDULED_TIME`)."""


class Disagreement(AssertionError):
    """The services and the rules differ after a night. The text says what a person needs to find out which is wrong."""

    def __init__(self, seed: int, night: int, found: list[Difference], log: Log) -> None:
        numbers = sorted({each.product_no for each in found if each.product_no is not None})
        lines = [f"seed {seed}, night {night}: differences: {len(found)}", *map(str, found)]
        for number in numbers[:3]:
            lines += ["", f"what happened to {number}:", *log.of(number)]
        super().__init__("\n".join(lines))


@dataclass(slots=True)
class Tally:
    """What happened in a month, in numbers."""

    seed: int
    nights: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    deleted: int = 0
    listings: int = 0
    seconds: float = 0.0
    waited: float = 0.0


class Month:
    """One shop's month. `progress` is called after every night."""

    def __init__(self, seed: int, world: World, services: Services, idle: IdleWatch) -> None:
        self._world = world
        self._idle = idle
        self._services = services
        self._model = Model(world.futureshop_url)
        self._script = Script(seed, self._model, world.clock)
        self._executor = Executor(world, services, self._model, idle)
        self._seed = seed
        self.tally = Tally(seed)

    async def run(self, nights: int = NIGHTS, progress: Callable[[Tally], None] = lambda _: None) -> Tally:
        """Raises Disagreement after the first night that ends wrong, NotIdle when something never ends."""
        started = time.monotonic()
        await self._open()
        for night in range(1, nights + 1):
            await self._day()
            await self._night()
            await self._check(night)
            self.tally.nights = night
            self.tally.listings = len(self._world.tiktok.world.shop(SHOP).products)
            self.tally.seconds, self.tally.waited = time.monotonic() - started, self._idle.waited
            progress(self.tally)
        self._judge(nights, await snapshot_differences(self._world, self._idle))
        return self.tally

    async def _open(self) -> None:
        await self._world.publish([ShopSettingsChanged(shop_key=SHOP)])
        await self._idle.until_idle()
        await self._world.authorise(self._services.publisher_url)
        await self._services.trigger_night()
        for operation in self._script.opening():
            await self._do(operation)
        await self._do(Operation(Kind.IMPORT, args={"mode": "changed_only", "fault": None}))
        for operation in self._script.first_day():
            await self._do(operation)

    async def _day(self) -> None:
        """From morning to midnight: busy hours, and the syncs that 連携設定 starts."""
        morning = self._at(9)
        for hour, timed in _HOURS:
            at = morning + timedelta(hours=hour - 9)
            if timed is None:
                await self._busy_hour(at)
            elif timed == self._model.mode:
                self._world.clock.until(at - timedelta(minutes=1))
                await self._do(Operation(Kind.TIMING, args={"at": at}), timedelta(0))

    async def _busy_hour(self, at: datetime) -> None:
        self._world.clock.until(at)
        for operation in self._script.small_operations():
            await self._do(operation)
        await self._do(self._script.action())

    async def _night(self) -> None:
        now = self._world.clock().astimezone(JST)
        self._world.clock.until(self._at(3, 30) + timedelta(days=1 if now.hour >= _NOON else 0))
        buried = len(self._model.buried)
        await self._do(self._script.night(), timedelta(seconds=5))
        self.tally.deleted += max(0, len(self._model.buried) - buried)

    async def _check(self, night: int) -> None:
        self._judge(night, await differences(self._world, self._model))

    def _judge(self, night: int, found: list[Difference]) -> None:
        if found:
            raise Disagreement(self._seed, night, found, self._executor.log)

    async def _do(self, operation: Operation, pause: timedelta | None = None) -> None:
        await self._executor.do(operation, self._script.pause() if pause is None else pause)
        self.tally.operations[operation.kind] += 1

    def _at(self, hour: int, minute: int = 0) -> datetime:
        now = self._world.clock().astimezone(JST)
        return now.replace(hour=hour, minute=minute, second=0, microsecond=0)
