"""Members of the cluster are lost while messages flow: everything goes on by itself, and nothing is lost."""

import time

import pytest


@pytest.mark.reliability(21, 22)
async def test_a_broker_and_the_primary_are_lost_at_the_same_time(at_work, brokers, databases, told):
    """The short one, for every run; each fault alone is in the other files."""
    async with at_work() as work:
        lost = await brokers.controller()
        began = time.monotonic()
        await brokers.kill(lost)
        await databases.step_down()
        await work.progress()
        told(f"work went on {time.monotonic() - began:.0f} s after both were lost")
        await brokers.start(lost)
        await work.progress()
        told(str(await work.end()))
