"""Brokers are killed, stopped and started again under load."""

import time

import pytest

pytestmark = pytest.mark.cluster


@pytest.mark.reliability(21)
@pytest.mark.parametrize("way", ["kill", "stop"])
async def test_a_broker_is_away_for_a_while_under_load(at_work, brokers, told, way):
    async with at_work() as work:
        began = time.monotonic()
        await (brokers.kill(2) if way == "kill" else brokers.stop(2))
        await work.progress()
        told(f"{way}: work went on after {time.monotonic() - began:.0f} s")
        await work.progress(500)
        await brokers.start(2)
        await work.progress()
        told(f"{way}: {await work.end()}")


@pytest.mark.reliability(21)
async def test_all_brokers_are_restarted_one_after_another(at_work, brokers, told):
    async with at_work() as work:
        for number in brokers.numbers:
            await brokers.restart(number)
            await brokers.healed()
            await work.progress()
        told(str(await work.end()))


@pytest.mark.reliability(21)
@pytest.mark.parametrize("way", ["kill", "stop"])
async def test_the_whole_cluster_goes_down_and_comes_back(at_work, brokers, told, way):
    """aiokafka is known for consumers that never came back from this."""
    async with at_work() as work:
        await (brokers.kill() if way == "kill" else brokers.stop())
        await brokers.start()
        began = time.monotonic()
        await work.progress()
        told(f"{way}: work went on {time.monotonic() - began:.0f} s after the brokers answered")
        told(f"{way}: {await work.end()}")


@pytest.mark.reliability(21)
async def test_the_controller_moves_under_load(at_work, brokers, told):
    """Twice, so that it is on another broker each time."""
    async with at_work() as work:
        for _ in range(2):
            before = await brokers.controller()
            await brokers.stop(before)
            assert await brokers.controller() != before
            await work.progress()
            await brokers.start(before)
            await brokers.healed()
        told(str(await work.end()))
