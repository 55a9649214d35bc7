import asyncio

import pytest

from publisher.images.memory_budget import MemoryBudget


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_file_waits_until_the_budget_has_its_bytes():
    budget, events = MemoryBudget(10), []

    async def use(name: str, amount: int, done: asyncio.Event) -> None:
        async with budget.share() as share:
            await share.acquire(amount)
            events.append(name)
            await done.wait()

    first_done, rest_done = asyncio.Event(), asyncio.Event()
    rest_done.set()
    async with asyncio.TaskGroup() as group:
        group.create_task(use("first", 8, first_done))
        await _turns()
        group.create_task(use("large", 5, rest_done))
        group.create_task(use("small", 1, rest_done))
        await _turns()
        # The small one would fit, but a large one that lets small ones pass might wait indefinitely.
        assert events == ["first"]
        first_done.set()
    assert events == ["first", "large", "small"]
    assert await budget.acquire(10) == 10


async def test_what_a_file_does_not_need_is_free_at_once():
    budget = MemoryBudget(10)
    async with budget.share() as share:
        await share.acquire(10)
        share.shrink_to(3)
        async with asyncio.timeout(120):
            assert await budget.acquire(7) == 7


async def test_a_file_larger_than_the_budget_gets_all_of_it():
    budget = MemoryBudget(10)
    async with budget.share() as share:
        await share.acquire(50)
    assert await budget.acquire(10) == 10


@pytest.mark.parametrize("granted", [False, True])
async def test_a_cancelled_waiter_takes_no_bytes(granted):
    budget = MemoryBudget(10)
    await budget.acquire(10)
    waiting = asyncio.create_task(budget.acquire(6))
    behind = asyncio.create_task(budget.acquire(4))
    await _turns()
    if granted:
        budget.release(10)
    waiting.cancel()
    await _turns()
    assert waiting.cancelled()
    if not granted:
        budget.release(10)
    async with asyncio.timeout(120):
        assert await behind == 4
        assert await budget.acquire(6) == 6
