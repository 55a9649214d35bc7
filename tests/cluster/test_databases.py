"""MongoDB elects another primary, or is away as a whole, under load."""

import time

import pytest

pytestmark = pytest.mark.cluster


@pytest.mark.reliability(22)
async def test_the_primary_steps_down_under_load(at_work, databases, told):
    """Three times in a row; the replicas neither end nor take a good message for poison."""
    async with at_work() as work:
        longest = 0.0
        for _ in range(3):
            await databases.healed()
            began = time.monotonic()
            await databases.step_down()
            await work.progress()
            longest = max(longest, time.monotonic() - began)
        told(f"work went on after {longest:.1f} s at most, the election included")
        told(str(await work.end()))


@pytest.mark.reliability(22)
@pytest.mark.parametrize("part", ["primary", "secondary"])
async def test_a_member_is_killed_under_load(at_work, databases, told, part):
    async with at_work() as work:
        primary = await databases.primary()
        lost = primary if part == "primary" else next(one for one in databases.numbers if one != primary)
        began = time.monotonic()
        await databases.kill(lost)
        await work.progress()
        told(f"{part}: work went on after {time.monotonic() - began:.0f} s")
        await databases.start(lost)
        await databases.healed()
        await work.progress()
        told(f"{part}: {await work.end()}")


@pytest.mark.reliability(22)
async def test_the_whole_replica_set_goes_down_and_comes_back(at_work, databases, told):
    async with at_work() as work:
        await databases.kill()
        await databases.start()
        await databases.healed()
        began = time.monotonic()
        await work.progress()
        told(f"work went on {time.monotonic() - began:.0f} s after the set had a primary")
        told(str(await work.end()))
