"""Two replicas of each service on three brokers and three members of MongoDB live through the demo's story."""

import asyncio
import contextlib
import itertools
from collections import Counter

import pytest

from shopsync_rehearsals.bus import connected
from shopsync_rehearsals.demo.checks import findings
from shopsync_rehearsals.demo.stack import SERVICES, SHOP, Links, Plan, running_on
from shopsync_rehearsals.demo.story import Story
from shopsync_rehearsals.installation import Installation
from shopsync_runtime.cancelling import raise_if_cancelled
from shopsync_testkit.fault_proxy import FaultProxy, Route
from shopsync_testkit.polling import eventually
from shopsync_testkit.ports import free_port

pytestmark = pytest.mark.cluster

PATIENCE = 400
_PAUSE_SECONDS = 3


@pytest.fixture
def told_story(site):
    """`async with told_story(plan) as (stack, story)`: the whole system on the cluster."""

    @contextlib.asynccontextmanager
    async def begin(plan):
        own = f"{site.prefix}.story"  # its topics have as many partitions as declared
        place = Installation(site.brokers.bootstrap_servers, site.databases.uri, own, site.prefix, replication=3)
        async with (
            running_on(place, plan, site.folder) as stack,
            connected(place.kafka_bootstrap, place.topic_prefix, shop=SHOP) as (bus, follower),
        ):
            yield stack, Story(stack, plan, bus, follower, progress=lambda *_: None, patience=PATIENCE)

    return begin


class Disturber:
    """Takes away a broker, the primary and a replica, each again and again, beside one another, and brings it back.

    PyMongo may lose a cancellation that comes during an election, so every round looks for one.
    """

    def __init__(self, site, stack):
        self._site, self._stack = site, stack
        self.done = Counter()

    async def run(self):
        async with asyncio.TaskGroup() as group:
            for work in (self._brokers, self._primaries, self._replicas):
                group.create_task(work())

    async def _brokers(self):
        for number in itertools.cycle(self._site.brokers.numbers):
            raise_if_cancelled()
            await self._site.brokers.kill(number)
            self.done["brokers killed"] += 1
            await asyncio.sleep(_PAUSE_SECONDS)
            await self._site.brokers.start(number)
            await self._site.brokers.healed()

    async def _primaries(self):
        while True:
            raise_if_cancelled()
            await self._site.databases.healed()
            await self._site.databases.step_down()
            self.done["elections"] += 1
            await asyncio.sleep(2 * _PAUSE_SECONDS)

    async def _replicas(self):
        for service, number in itertools.cycle(itertools.product(SERVICES, ("", "-1"))):
            raise_if_cancelled()
            replica = self._stack.services[f"{service}{number}"]
            await replica.kill()
            self.done["services killed"] += 1
            await asyncio.sleep(_PAUSE_SECONDS)
            await replica.start()


@pytest.mark.reliability(21, 22, 25)
async def test_the_story_ends_well_whatever_is_taken_away(site, told_story, told):
    async with told_story(Plan(products=150, seed=11, replicas=2)) as (stack, story):
        await story.open_shop()
        disturber = Disturber(site, stack)
        disturbing = asyncio.create_task(disturber.run())
        try:
            await story.import_products()
            await story.complete_and_switch_on()
            await story.sync("sync")
            await story.sync("sync again")
            await story.delete_upstream()
            await story.sweep()
        finally:
            disturbing.cancel()
            ended = await asyncio.gather(disturbing, return_exceptions=True)
        assert isinstance(ended[0], asyncio.CancelledError), ended
        await asyncio.gather(site.brokers.start(), site.databases.start())
        outcome = await story.close()
    assert findings(outcome.facts) == []
    told(", ".join(f"{count} {what}" for what, count in sorted(disturber.done.items())))


FAULTS = {
    "cut": lambda link: link.cut(),
    "half-open": lambda link: link.half_open(),
    "forgotten": lambda link: link.forget(),
    "64 kB/s": lambda link: link.throttle(64_000),
    "+300 ms": lambda link: link.slow(0.3),
}
_FAULT_SECONDS = 12


@pytest.mark.reliability(24)
@pytest.mark.parametrize("fault", FAULTS)
async def test_the_links_to_futureshop_and_tiktok_are_disturbed(told_story, told, fault):
    """The first during the import, the second during the sync."""
    to_futureshop, to_tiktok = Route(free_port(), free_port()), Route(free_port(), free_port())
    plan = Plan(products=60, seed=11, links=Links(to_futureshop, to_tiktok))
    async with (
        FaultProxy([to_futureshop]) as futureshop,
        FaultProxy([to_tiktok]) as tiktok,
        told_story(plan) as (
            _,
            story,
        ),
    ):
        await story.open_shop()
        async with disturbed(futureshop, fault):
            await story.import_products()
        await story.complete_and_switch_on()
        async with disturbed(tiktok, fault):
            await story.sync("sync")
        await story.delete_upstream()
        await story.sweep()
        outcome = await story.close()
        assert findings(outcome.facts) == []
        told(
            f"{fault}: import {outcome.seconds['import']:.0f} s, sync {outcome.seconds['sync']:.0f} s, faults included"
        )


@contextlib.asynccontextmanager
async def disturbed(link, fault):
    """The fault begins with the first bytes of the block's work, and ends after a while."""

    async def disturb():
        before = link.bytes_carried
        await eventually(lambda: link.bytes_carried > before, timeout=PATIENCE, what="something on the link")
        FAULTS[fault](link)
        await asyncio.sleep(_FAULT_SECONDS)
        link.heal()

    task = asyncio.create_task(disturb())
    try:
        yield
        await task
    finally:
        task.cancel()
        link.heal()
