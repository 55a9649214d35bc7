"""One run: its parts after one another, each with topics and a database of its own."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from shopsync_contracts import Event
from shopsync_contracts.events import ProductChanged
from shopsync_rehearsals.bench.catalogue.contenders.field import places_of
from shopsync_rehearsals.bench.catalogue.contenders.service import Catalogue
from shopsync_rehearsals.bench.catalogue.figures import OWN, cpu_per_message, measured_stretch, share_of_others
from shopsync_rehearsals.bench.catalogue.growth.filling import fill
from shopsync_rehearsals.bench.catalogue.growth.plan import Measured, Part, Plan, Sample, Stretch
from shopsync_rehearsals.bench.catalogue.messages import change, numbered
from shopsync_rehearsals.bench.catalogue.plan import Kind
from shopsync_rehearsals.bench.catalogue.streams import Streams, connected
from shopsync_rehearsals.bench.catalogue.streams import Stretch as Messages
from shopsync_rehearsals.bench.catalogue.watching import Work, watch
from shopsync_rehearsals.bench.usage import cores, resident_bytes
from shopsync_rehearsals.installation import Installation, apply_topics
from shopsync_rehearsals.progress import Progress

_WARM_UP = 500
_TEMPLATES = 1000
_MIB = 1024 * 1024


class Site:
    """One installation with its replicas of the catalogue, which run during `work` only."""

    def __init__(self, here: Installation, replicas: int, streams: Streams, folder: Path, plan: Plan) -> None:
        self.here = here
        self._streams = streams
        self._plan = plan
        places = places_of(Kind.CATALOGUE, here)
        self._source, self._group = places.source, places.group
        self._replicas = [
            Catalogue(places, here.settings(), folder, None, name=f"{here.database}-{number}")
            for number in range(1, replicas + 1)
        ]
        self.memory: list[Sample] = []

    async def work(self, events: Sequence[Event[ProductChanged]]) -> Stretch:
        """Publish, and let the replicas work it off; the first messages do not count.

        A single one starts with everything published. Several have to share the partitions first.
        """
        messages = [(event.key(), event.to_bytes()) for event in events]
        begin = await self._streams.ends(self._source)
        many = len(self._replicas) > 1
        try:
            if not many:
                await self._streams.publish_bytes(self._source, messages)
            for one in self._replicas:
                await one.start()
            if many:
                await asyncio.gather(*(one.ready() for one in self._replicas))
                await self._streams.joined(self._group, len(self._replicas), self._plan.patience)
                await self._streams.publish_bytes(self._source, messages)
            return await self._watch(Messages(begin, len(messages), min(_WARM_UP, len(messages) // 4)))
        finally:
            await asyncio.gather(*(one.stop() for one in self._replicas))

    async def _watch(self, stretch: Messages) -> Stretch:
        processes = [(OWN, one.pid) for one in self._replicas]
        work = Work(f"{len(self._replicas)} of the catalogue", self._group, stretch, self._plan.patience)
        readings = await watch(
            self._streams, work, [*processes, *self.here.server_pids.items()], self._failure, self._sample
        )
        first, last = measured_stretch(readings, stretch.warm_up)
        rate = (last.done - first.done) / (last.at - first.at)
        return Stretch(rate, cpu_per_message(first, last), share_of_others(first, last, cores()))

    def _sample(self, done: int) -> None:
        if (resident := resident_bytes(self._replicas[0].pid)) is not None:
            self.memory.append(Sample(done, resident / _MIB))

    async def _failure(self) -> str | None:
        found = [await one.failure() for one in self._replicas]
        return next((one for one in found if one is not None), None)


class Run:
    """One run on servers that are already there. `folder` receives the logs of all processes."""

    def __init__(
        self, plan: Plan, installation: Installation, folder: Path, progress: Progress = lambda *_: None
    ) -> None:
        self._plan = plan
        self._here = installation
        self._folder = folder
        self._progress = progress
        self._databases: list[str] = []

    async def run(self) -> Measured:
        """Measure. Raises RuntimeError when a catalogue ended, TimeoutError when one took too long."""
        plan = self._plan
        measured = Measured(plan)
        async with (
            connected(self._here.kafka_bootstrap) as streams,
            AsyncMongoClient[dict[str, Any]](self._here.mongo_uri) as mongo,
        ):
            try:
                if Part.MEMORY in plan.parts:
                    measured = replace(measured, memory=await self._memory(streams))
                if Part.REPLICAS in plan.parts:
                    measured = replace(measured, replicas={n: await self._together(n, streams) for n in plan.replicas})
                if Part.PRODUCTS in plan.parts:
                    await self._set_cache(mongo)
                    sites = {size: await self._site(f"n{size}", 1, streams) for size in (plan.few, plan.many)}
                    filling = [await self._fill(site, size, mongo) for size, site in sites.items()]
                    stretches = await self._updates(sites)
                    measured = replace(measured, products=stretches, filling=filling[-1])
            finally:
                for database in self._databases:
                    await mongo.drop_database(database)
                await streams.delete(f"{self._here.topic_prefix}.")
        return measured

    async def _set_cache(self, mongo: AsyncMongoClient[dict[str, Any]]) -> None:
        """A mongod takes half of a machine's memory. The test kit's takes little, for many tests beside one another."""
        if self._plan.cache and self._here.server_pids.get("MongoDB") is not None:
            size = f"cache_size={self._plan.cache}G"
            await mongo.admin.command({"setParameter": 1, "wiredTigerEngineRuntimeConfig": size})

    async def _site(self, name: str, replicas: int, streams: Streams) -> Site:
        here = self._here
        mine = replace(here, topic_prefix=f"{here.topic_prefix}.{name}", database=f"{here.database}-growth-{name}")
        self._databases.append(mine.database)
        await apply_topics(mine.settings(), self._folder)
        return Site(mine, replicas, streams, self._folder, self._plan)

    async def _memory(self, streams: Streams) -> list[Sample]:
        """Resident memory while one process works off updates of the same products again and again."""
        plan, site = self._plan, await self._site("memory", 1, streams)
        self._progress("memory", 0, 1)
        of = min(plan.few, plan.long)
        await site.work(self._changes(range(of), 1))
        site.memory.clear()
        await site.work(self._changes([place % of for place in range(plan.long)], 2, per=of))
        self._progress("memory", 1, 1)
        return site.memory

    async def _together(self, replicas: int, streams: Streams) -> Stretch:
        site = await self._site(f"x{replicas}", replicas, streams)
        self._progress(f"replicas: {replicas}", 0, 1)
        found = await site.work(self._changes(range(_WARM_UP + self._plan.imported), 1))
        self._progress(f"replicas: {replicas}", 1, 1)
        return found

    async def _fill(self, site: Site, size: int, mongo: AsyncMongoClient[dict[str, Any]]) -> float:
        """Import some products, and write the others as copies. Returns how many were written a second."""
        some = min(_TEMPLATES, size // 2)
        await site.work(self._changes(range(some), 1))
        began = time.monotonic()
        await fill(mongo, site.here.database, some, size, lambda done: self._progress(f"{size:,} products", done, size))
        return (size - some) / (time.monotonic() - began)

    async def _updates(self, sites: dict[int, Site]) -> dict[int, list[Stretch]]:
        """The same number of updates with each size, in turn. Which products, chance says."""
        plan = self._plan
        found: dict[int, list[Stretch]] = {size: [] for size in sites}
        rng = random.Random(plan.seed)  # noqa: S311 - a repeatable benchmark, no secret
        for number in range(plan.rounds):
            for size, site in sites.items():
                self._progress("updates", number, plan.rounds)
                chosen = rng.sample(range(size), min(size, plan.updates + _WARM_UP))
                found[size].append(await site.work(self._changes(chosen, 2 + number)))
        self._progress("updates", plan.rounds, plan.rounds)
        return found

    def _changes(self, products: Sequence[int], version: int, *, per: int | None = None) -> list[Event[ProductChanged]]:
        """A change of each of these; with `per` the version grows by one after so many."""
        return [
            change(numbered(one), version + (0 if per is None else place // per), self._plan.seed)
            for place, one in enumerate(products)
        ]
