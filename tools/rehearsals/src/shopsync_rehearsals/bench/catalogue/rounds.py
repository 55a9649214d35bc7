"""The rounds: in each, every phase's messages are published, then each contender works through them in its turn."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient

from shopsync_rehearsals.bench.catalogue.contenders.field import Field
from shopsync_rehearsals.bench.catalogue.contenders.places import Contender
from shopsync_rehearsals.bench.catalogue.counting import counts
from shopsync_rehearsals.bench.catalogue.figures import (
    OWN,
    Effort,
    Reading,
    cpu_per_message,
    measured_stretch,
    share_of_others,
    wanted,
)
from shopsync_rehearsals.bench.catalogue.messages import count, messages
from shopsync_rehearsals.bench.catalogue.plan import Kind, Phase, Plan
from shopsync_rehearsals.bench.catalogue.streams import Streams, Stretch
from shopsync_rehearsals.bench.catalogue.watching import Work, watch
from shopsync_rehearsals.bench.usage import cores, most_resident_bytes
from shopsync_rehearsals.progress import Progress

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Servers:
    """The run's connections to the servers, and their process ids (None: somebody else's)."""

    streams: Streams
    mongo: AsyncMongoClient[dict[str, Any]]
    pids: Mapping[str, int | None]


class Round:
    """One round: its topics, its databases, its contenders in their order. `name` is shown with the progress."""

    def __init__(self, name: str, plan: Plan, field: Field, servers: Servers, progress: Progress) -> None:
        self._name = name
        self._plan = plan
        self._field = field
        self._servers = servers
        self._streams = servers.streams
        self._progress = progress
        self._stretches: dict[str, Stretch] = {}
        self._done: Counter[Kind] = Counter()

    async def run(self) -> list[Effort]:
        """Everything that is shown, in the order in which it was measured."""
        found = []
        try:
            await self._streams.create(self._field.topics)
            for phase in self._plan.phases_to_run():
                await self._publish(phase)
                for contender in self._field.contenders:
                    effort = await self._phase(contender, phase)
                    if phase in self._plan.phases:
                        found.append(effort)
        finally:
            await self._clear()
        return found

    async def _publish(self, phase: Phase) -> None:
        """Publish the phase's messages on each source. One that reads the last ones again keeps their stretch."""
        for source, amount in self._field.sources.items():
            if phase is Phase.RE_DELIVERY:
                continue
            begin = await self._streams.ends(source)
            sent = count(phase, amount)
            published = await self._streams.publish(source, messages(phase, amount, self._plan.seed))
            if published != sent.products:
                raise RuntimeError(f"{published} messages were published for {phase}, not {sent.products}")
            self._stretches[source] = Stretch(begin, sent.products, sent.warm_up)

    async def _phase(self, contender: Contender, phase: Phase) -> Effort:
        places = contender.places
        stretch = self._stretches[places.source]
        if phase is Phase.RE_DELIVERY:
            await self._streams.set_back(places.group, stretch.begin)
        before = await self._snapshots(contender)
        try:
            await contender.start()
            readings = await self._readings(contender, phase, stretch)
            memory = most_resident_bytes(contender.pid)
        finally:
            await contender.stop()
        after = await self._snapshots(contender)
        sent = None if before is None or after is None else after - before
        first, last = measured_stretch(readings, stretch.warm_up)
        return Effort(
            kind=contender.kind,
            phase=phase,
            messages=last.done - first.done,
            seconds=last.at - first.at,
            cpu=cpu_per_message(first, last),
            memory=None if memory is None else memory / _MIB,
            others=share_of_others(first, last, cores()),
            counts=await counts(self._servers.mongo[places.database], contender.kind, phase, sent),
            wanted=wanted(contender.kind, phase, self._plan.amount(contender.kind)),
        )

    async def _readings(self, contender: Contender, phase: Phase, stretch: Stretch) -> list[Reading]:
        processes = [(OWN, contender.pid), *self._servers.pids.items()]
        work = Work(f"{contender.kind}: {phase}", contender.places.group, stretch, self._plan.bound)
        readings = await watch(
            self._streams, work, processes, contender.failure, lambda done: self._show(contender.kind, done)
        )
        self._done[contender.kind] += stretch.messages
        return readings

    def _show(self, kind: Kind, done: int) -> None:
        amount = self._plan.amount(kind)
        total = sum(count(phase, amount).products for phase in self._plan.phases_to_run())
        self._progress(f"{self._name}: {kind}", self._done[kind] + done, total)

    async def _snapshots(self, contender: Contender) -> int | None:
        """How many snapshots the contender's topic has had so far."""
        topic = contender.places.snapshots
        return None if topic is None else sum((await self._streams.ends(topic)).values())

    async def _clear(self) -> None:
        """Remove what the round has left, so that the next one finds the same servers."""
        for contender in self._field.contenders:
            await contender.stop()
            await self._servers.mongo.drop_database(contender.places.database)
        await self._streams.delete(f"{self._field.prefix}.")
