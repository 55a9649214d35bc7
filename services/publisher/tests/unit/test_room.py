import asyncio

import pytest

from publisher.images.memory_budget import Room


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_file_waits_until_there_is_room_for_it():
    room, events = Room(10), []

    async def use(name: str, amount: int, done: asyncio.Event) -> None:
        async with room.share() as share:
            await share.take(amount)
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
        # The small one would fit: but a large one that always lets small ones pass would wait for ever.
        assert events == ["first"]
        first_done.set()
    assert events == ["first", "large", "small"]
    assert await room.take(10) == 10


async def test_what_a_file_does_not_need_is_free_at_once():
    room = Room(10)
    async with room.share() as share:
        await share.take(10)
        share.keep(3)
        async with asyncio.timeout(120):
            assert await room.take(7) == 7


async def test_a_file_larger_than_the_room_gets_all_of_it():
    room = Room(10)
    async with room.share() as share:
        await share.take(50)
    assert await room.take(10) == 10


@pytest.mark.parametrize("granted", [False, True])
async def test_a_waiter_that_is_cancelled_takes_no_room(granted):
    room = Room(10)
    await room.take(10)
    waiting = asyncio.create_task(room.take(6))
    behind = asyncio.create_task(room.take(4))
    await _turns()
    if granted:
        room.give_back(10)
    waiting.cancel()
    await _turns()
    assert waiting.cancelled()
    if not granted:
        room.give_back(10)
    async with asyncio.timeout(120):
        assert await behind == 4
        assert await room.take(6) == 6
