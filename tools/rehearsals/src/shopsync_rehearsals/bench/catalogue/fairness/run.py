"""One run: a backlog of one shop, and messages of another while it is worked off."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from shopsync_contracts import Event
from shopsync_contracts.events import ProductChanged
from shopsync_contracts.topics import TOOL_EDITS
from shopsync_rehearsals.bench.catalogue.contenders.field import places_of
from shopsync_rehearsals.bench.catalogue.contenders.service import Catalogue
from shopsync_rehearsals.bench.catalogue.delays.messages import changed, edited
from shopsync_rehearsals.bench.catalogue.delays.road import Road, road
from shopsync_rehearsals.bench.catalogue.delays.trips import Trip, delays
from shopsync_rehearsals.bench.catalogue.fairness.plan import Measured, Plan, left, overtaken
from shopsync_rehearsals.bench.catalogue.figures import OWN, Reading, measured_stretch
from shopsync_rehearsals.bench.catalogue.messages import SHOP, change, product_numbers
from shopsync_rehearsals.bench.catalogue.plan import Amount, Kind
from shopsync_rehearsals.bench.catalogue.streams import Streams, Stretch, connected
from shopsync_rehearsals.bench.catalogue.watching import Work, watch
from shopsync_rehearsals.installation import Installation, apply_topics
from shopsync_rehearsals.progress import Progress

OTHER_SHOP = "other"
_WARM_UP = 500
_SHOWN = 1000
_CHANGED = "change"
_EDITED = "edit"


class Run:
    """One run on servers that are already there. `folder` receives the logs of all processes."""

    def __init__(
        self, plan: Plan, installation: Installation, folder: Path, progress: Progress = lambda *_: None
    ) -> None:
        self._plan = plan
        self._here = replace(installation, database=f"{installation.database}-fairness")
        self._folder = folder
        self._progress = progress
        settings = self._here.settings()
        if plan.records is not None:
            settings["CATALOG_MAX_RECORDS"] = str(plan.records)
        self._contender = Catalogue(places_of(Kind.CATALOGUE, self._here), settings, folder, None)
        self._places = self._contender.places
        self._done = 0

    async def run(self) -> Measured:
        """Measure. Raises RuntimeError when the catalogue ended, TimeoutError when it took too long."""
        await apply_topics(self._here.settings(), self._folder)
        async with connected(self._here.kafka_bootstrap) as streams:
            try:
                await self._import_the_other_shop(streams)
                stretch = await self._publish_backlog(streams)
                await self._contender.start()
                return await self._both(streams, stretch)
            finally:
                await self._contender.stop()
                async with AsyncMongoClient[dict[str, Any]](self._here.mongo_uri) as mongo:
                    await mongo.drop_database(self._here.database)
                await streams.delete(f"{self._here.topic_prefix}.")

    async def _import_the_other_shop(self, streams: Streams) -> None:
        begin = await streams.ends(self._places.source)
        numbers = [_product(kind, place) for kind in (_CHANGED, _EDITED) for place in range(self._plan.others)]
        await streams.publish(
            self._places.source, (change(one, 1, self._plan.seed, shop=OTHER_SHOP) for one in numbers)
        )
        await self._contender.start()
        await self._watch(streams, Stretch(begin, len(numbers), 0))
        await self._contender.stop()

    async def _publish_backlog(self, streams: Streams) -> Stretch:
        total = self._plan.backlog
        begin = await streams.ends(self._places.source)
        await streams.publish(self._places.source, self._backlog())
        return Stretch(begin, total, min(_WARM_UP, total // 4))

    def _backlog(self) -> Iterator[Event[ProductChanged]]:
        total = self._plan.backlog
        for place, number in enumerate(product_numbers(Amount(total, 0))):
            if place % _SHOWN == 0:
                self._progress("published", place, total)
            yield change(number, 1, self._plan.seed)
        self._progress("published", total, total)

    async def _watch(self, streams: Streams, stretch: Stretch) -> list[Reading]:
        def seen(done: int) -> None:
            self._done = done

        work = Work(self._contender.kind, self._places.group, stretch, self._plan.patience)
        processes = [(OWN, self._contender.pid), *self._here.server_pids.items()]
        return await watch(streams, work, processes, self._contender.failure, seen)

    async def _both(self, streams: Streams, stretch: Stretch) -> Measured:
        """Send the other shop's messages from the warm-up's end until the backlog is done."""
        plan, backlog = self._plan, list[float]()

        def seen(key: bytes, _snapshot: bytes, at: float) -> None:
            if key.startswith(f"{SHOP}/".encode()):
                backlog.append(at)

        self._done = 0
        async with road(self._here.kafka_bootstrap, str(self._places.snapshots), seen) as way:
            watching = asyncio.create_task(self._watch(streams, stretch), name="bench-watch")
            try:
                trips = await self._send_beside(way, stretch, watching)
                readings = await watching
                await way.empty(plan.patience)
            finally:
                watching.cancel()
        first, last = measured_stretch(readings, stretch.warm_up)
        edits = [trip for trip in trips if trip.kind == _EDITED]
        return Measured(
            plan=plan,
            rate=(last.done - first.done) / (last.at - first.at),
            edits=delays(edits),
            changes=delays(trip for trip in trips if trip.kind == _CHANGED),
            lost=sum(trip.arrived is None for trip in trips),
            overtaken=overtaken(edits, backlog),
            left=left(edits, backlog, plan.backlog),
        )

    async def _send_beside(self, way: Road, stretch: Stretch, watching: "asyncio.Task[list[Reading]]") -> list[Trip]:
        plan, sent = self._plan, list[Trip]()
        edits = TOOL_EDITS.full_name(self._here.topic_prefix)
        while not watching.done():
            due = time.monotonic() + plan.every
            self._progress("backlog", min(self._done, stretch.messages), stretch.messages)
            if self._done >= stretch.warm_up:
                turn, place = divmod(len(sent) // 2, plan.others)
                for topic, trip in (
                    (edits, edited(_product(_EDITED, place), len(sent), shop=OTHER_SHOP, kind=_EDITED)),
                    (self._places.source, self._change(place, 2 + turn)),
                ):
                    await way.send(topic, [trip], rate=1)
                    sent.append(trip)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        return sent

    def _change(self, place: int, version: int) -> Trip:
        return changed(_product(_CHANGED, place), version, self._plan.seed, shop=OTHER_SHOP, kind=_CHANGED)


def _product(kind: str, place: int) -> str:
    return f"{kind}-{place:04}"
