"""One run. Each contender has topics and a database of its own, and a fresh process for each rate."""

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from shopsync_rehearsals.bench.catalogue import plan as catalogue
from shopsync_rehearsals.bench.catalogue.contenders.field import field_of
from shopsync_rehearsals.bench.catalogue.contenders.places import Contender
from shopsync_rehearsals.bench.catalogue.delays.messages import changed
from shopsync_rehearsals.bench.catalogue.delays.road import road
from shopsync_rehearsals.bench.catalogue.delays.trips import Trip, delays
from shopsync_rehearsals.bench.catalogue.figures import OWN, Reading, measured_stretch, share_of_others
from shopsync_rehearsals.bench.catalogue.latency.plan import CONTENDERS, Level, Measured, Plan
from shopsync_rehearsals.bench.catalogue.messages import product_numbers
from shopsync_rehearsals.bench.catalogue.plan import Amount, Kind
from shopsync_rehearsals.bench.catalogue.streams import Streams, Stretch, connected
from shopsync_rehearsals.bench.catalogue.watching import Work, meter_of, watch
from shopsync_rehearsals.bench.usage import cores, machine_seconds
from shopsync_rehearsals.installation import Installation, apply_topics
from shopsync_rehearsals.progress import Progress

_WARM_UP = 500


class Run:
    """One run on servers that are already there. `folder` receives the logs of all processes."""

    def __init__(
        self, plan: Plan, installation: Installation, folder: Path, progress: Progress = lambda *_: None
    ) -> None:
        self._plan = plan
        self._here = installation
        self._folder = folder
        self._progress = progress
        self._numbers = list(product_numbers(Amount(plan.products, 0)))
        self._used: Counter[Kind] = Counter()

    async def run(self) -> Measured:
        """Measure. Raises RuntimeError when a contender ended, TimeoutError when one took too long."""
        plan = self._plan
        turns = plan.turns()
        async with connected(self._here.kafka_bootstrap) as streams:
            self._streams = streams
            contenders = {kind: await self._contender(kind) for kind in CONTENDERS}
            try:
                for kind in CONTENDERS:
                    await self._work_off(contenders[kind], plan.products)
                sustained = await self._work_off(contenders[Kind.CATALOGUE], plan.messages)
                levels = []
                for place, turn in enumerate(turns):
                    self._progress("rates", place, len(turns))
                    levels.append(await self._level(contenders[turn[2]], turn, sustained))
                self._progress("rates", len(turns), len(turns))
            finally:
                await self._clear(streams, contenders)
        return Measured(plan, sustained, levels)

    async def _contender(self, kind: Kind) -> Contender:
        here = self._here
        mine = replace(here, topic_prefix=f"{here.topic_prefix}.{kind}", database=f"{here.database}-latency-{kind}")
        await apply_topics(mine.settings(), self._folder)
        plan = catalogue.Plan(contenders=(kind,))
        field = field_of(plan, [kind], mine, self._folder, None)
        if field.topics:
            await self._streams.create(field.topics)
        (contender,) = field.contenders
        return contender

    def _next(self, kind: Kind, count: int) -> list[Trip]:
        """The next updates of the contender's products; the first of them are new to it."""
        first = self._used[kind]
        self._used[kind] += count
        of = len(self._numbers)
        return [
            changed(self._numbers[place % of], 1 + place // of, self._plan.seed)
            for place in range(first, first + count)
        ]

    async def _work_off(self, contender: Contender, count: int) -> float:
        """Let it work off so many messages. Returns how many it did a second, after those of the warm-up."""
        try:
            stretch = await self._publish(contender, _WARM_UP, count)
            await contender.start()
            readings = await self._watch(contender, stretch)
        finally:
            await contender.stop()
        first, last = measured_stretch(readings, _WARM_UP)
        return (last.done - first.done) / (last.at - first.at)

    async def _publish(self, contender: Contender, warm_up: int, count: int) -> Stretch:
        source = contender.places.source
        begin = await self._streams.ends(source)
        trips = self._next(contender.kind, warm_up + count)
        await self._streams.publish_bytes(source, ((trip.key, trip.value) for trip in trips))
        return Stretch(begin, warm_up + count, warm_up)

    async def _watch(self, contender: Contender, stretch: Stretch) -> list[Reading]:
        work = Work(contender.kind, contender.places.group, stretch, self._plan.patience)
        return await watch(self._streams, work, self._processes(contender), contender.failure)

    def _processes(self, contender: Contender) -> list[tuple[str, int | None]]:
        return [(OWN, contender.pid), *self._here.server_pids.items()]

    async def _level(self, contender: Contender, turn: tuple[int, int, Kind], sustained: float) -> Level:
        plan, (number, share, kind), places = self._plan, turn, contender.places
        rate = sustained * share / 100
        stretch = await self._publish(contender, 0, _WARM_UP)
        trips = self._next(kind, round(rate * (plan.lead + plan.seconds)))
        counted = trips[round(rate * plan.lead) :]
        try:
            await contender.start()
            await self._watch(contender, stretch)
            async with road(self._here.kafka_bootstrap, str(places.snapshots)) as way:
                meter = meter_of(self._processes(contender))
                begin = Reading(time.monotonic(), 0, meter.read(), machine_seconds())
                await way.send(places.source, trips, rate)
                end = Reading(time.monotonic(), len(trips), meter.read(), machine_seconds())
                await way.empty(plan.patience)
            if (why := await contender.failure()) is not None:
                raise RuntimeError(why)
        finally:
            await contender.stop()
        return Level(
            round_number=number,
            share=share,
            kind=kind,
            rate=len(trips) / (end.at - begin.at),
            delays=delays(counted),
            lost=sum(trip.arrived is None for trip in trips),
            core=_core(begin, end),
            busy=_busy(begin, end),
            others=share_of_others(begin, end, cores()),
        )

    async def _clear(self, streams: Streams, contenders: dict[Kind, Contender]) -> None:
        async with AsyncMongoClient[dict[str, Any]](self._here.mongo_uri) as mongo:
            for contender in contenders.values():
                await mongo.drop_database(contender.places.database)
        await streams.delete(f"{self._here.topic_prefix}.")


def _core(begin: Reading, end: Reading) -> float | None:
    return (end.cpu[OWN] - begin.cpu[OWN]) / (end.at - begin.at) if OWN in end.cpu else None


def _busy(begin: Reading, end: Reading) -> float | None:
    if begin.machine is None or end.machine is None:
        return None
    return (end.machine - begin.machine) / ((end.at - begin.at) * cores())
