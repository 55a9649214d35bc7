"""The cables to Kafka and MongoDB are cut, half-open, slow and thin: nothing hangs past its limit, nothing is lost."""

import asyncio
import time

import pytest

from shopsync_rehearsals.endurance.load import Mixture

pytestmark = pytest.mark.cluster

FAULTS = {
    "cut": lambda link: link.cut(),
    "half-open": lambda link: link.half_open(),
    "64 kB/s": lambda link: link.throttle(64_000),
    "+300 ms": lambda link: link.slow(0.3),
}
_FAULT_SECONDS = 15
_MODEST = Mixture(rate=100)


@pytest.fixture(params=["kafka", "mongodb"])
def link(request):
    """The way from the catalogue to one of its servers."""
    return request.getfixturevalue({"kafka": "kafka_link", "mongodb": "mongo_link"}[request.param])


@pytest.mark.reliability(24)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_link_is_disturbed_and_heals(at_work, link, told, fault):
    async with at_work(_MODEST, **link.settings) as work:
        FAULTS[fault](link.proxy)
        await asyncio.sleep(_FAULT_SECONDS)
        link.proxy.heal()
        began = time.monotonic()
        await work.progress()
        told(f"{link.name}, {fault}: work went on {time.monotonic() - began:.0f} s after it healed")
        await work.end()


@pytest.mark.reliability(24)
async def test_connections_that_a_firewall_forgot_are_given_up(at_work, link, told):
    """Nobody says that they are dead: each client has to find out by itself, and connect again."""
    async with at_work(_MODEST, **link.settings) as work:
        link.proxy.forget()
        began = time.monotonic()
        await work.progress(1000)
        told(f"{link.name}: given up and replaced within {time.monotonic() - began:.0f} s")
        await work.end()
